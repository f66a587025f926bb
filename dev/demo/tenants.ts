// The tenants of the demo as they are now, and a way to wait for them. Separate because every chapter that changes something then waits
// for what comes of it, and all must give up in the same cases.

import type { StudioTenant } from '../../src/api/studio-tenant.ts';
import type { RunningOperator } from './install.ts';
import type { Store } from '../../src/runtime/store.ts';

export interface Wait {
  readonly tenants: Store<StudioTenant>;
  readonly signal: AbortSignal;
  readonly operator: RunningOperator;
}

const WAKE_MS = 500;

/** Whether `isOver` became true in time. Rejects when the operator ends, or with the signal's reason. */
export const waitFor = async (wait: Wait, timeoutMs: number, isOver: () => boolean): Promise<boolean> => {
  const deadline = performance.now() + timeoutMs;
  while (!isOver()) {
    wait.signal.throwIfAborted();
    if (wait.operator.process?.hasEnded() === true) throw new Error('the operator has ended; its log says why');
    if (performance.now() > deadline) return false;
    await nextChange(wait.tenants);
  }
  return true;
};

/** Or half a second, whichever comes first: the other reasons to stop waiting bring no change. */
const nextChange = async (tenants: Store<StudioTenant>): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = tenants.onChange(() => resolve());
  const timer = setTimeout(resolve, WAKE_MS);
  await promise;
  clearTimeout(timer);
  stop();
};
