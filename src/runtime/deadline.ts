/*
 * An abort signal that follows a parent and gives up by itself after a time, and that can be wound up again while
 * there is progress. Separate because AbortSignal.any keeps every child alive as long as its parent, which for a
 * process's stop signal is for ever; this one lets go when disposed.
 */
import type { Clock } from './clock.ts';

/** The reason with which a Deadline aborts when its time is over. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
}

export interface DeadlineOptions {
  readonly clock: Clock;
  /** Missing: never, until `restart`. */
  readonly afterMs?: number | undefined;
  /** What ran out of time, for the reason's message. */
  readonly what: string;
}

export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #options: DeadlineOptions;
  readonly #parent: AbortSignal | undefined;
  #timer: AbortController | undefined;

  constructor(parent: AbortSignal | undefined, options: DeadlineOptions) {
    this.#options = options;
    this.#parent = parent;
    if (parent?.aborted === true) this.#controller.abort(parent.reason);
    else parent?.addEventListener('abort', this.#onParentAbort, { once: true });
    if (options.afterMs !== undefined) this.restart(options.afterMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** From now on again `afterMs`. */
  restart(afterMs: number): void {
    this.#timer?.abort();
    if (this.signal.aborted) return;
    const timer = new AbortController();
    this.#timer = timer;
    const { clock, what } = this.#options;
    clock.sleep(afterMs, timer.signal).then(
      () => this.#controller.abort(new DeadlineExceeded(`${what} took longer than ${Math.round(afterMs)} ms`)),
      () => undefined, // only an abort rejects: wound up again, or not needed any more
    );
  }

  [Symbol.dispose](): void {
    this.#timer?.abort();
    this.#parent?.removeEventListener('abort', this.#onParentAbort);
  }

  readonly #onParentAbort = (): void => {
    this.#timer?.abort();
    this.#controller.abort(this.#parent?.reason);
  };
}

/** Settles with `work`, or rejects with the signal's reason as soon as it aborts, even if `work` ignores the signal. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
