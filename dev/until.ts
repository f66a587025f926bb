// Waiting for a process to become ready. Separate because a process that ends while one waits must be noticed at once, not at the deadline.

import type { GuardedProcess } from './guarded-process.ts';

export interface UntilOptions {
  /** Whose readiness it is. */
  readonly of: Pick<GuardedProcess, 'hasEnded'>;
  readonly timeoutMs: number;
}

const POLL_MS = 50;

/** Repeats `isReady` until it says so; a failure of it counts as no. Throws when the process ends or the time is over. */
export const until = async (isReady: () => Promise<boolean>, { of, timeoutMs }: UntilOptions): Promise<void> => {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < deadline) {
    if (of.hasEnded()) throw new Error('the process ended before it was ready', { cause: last });
    try {
      if (await isReady()) return;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`not ready after ${timeoutMs / 1000} s`, { cause: last });
};
