/*
 * At most N at a time, first come first served. Separate because limits per server (creates, drops, migrations) and
 * per process are the same small thing.
 */

interface Waiter {
  readonly admit: () => void;
}

export class Semaphore {
  readonly #waiters = new Set<Waiter>();
  #free: number;

  /** @param slots how many may hold it at once, at least 1 */
  constructor(slots: number) {
    if (!Number.isInteger(slots) || slots < 1) throw new RangeError(`a semaphore needs at least one slot, got ${slots}`);
    this.#free = slots;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** Runs `work` once a slot is free. Waiting (not `work`) ends when the signal aborts: rejects with its reason. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#acquire(signal);
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  #acquire(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      if (this.#free > 0) {
        this.#free -= 1;
        resolve();
        return;
      }
      const onAbort = (): void => {
        this.#waiters.delete(waiter);
        reject(signal?.reason as Error);
      };
      const waiter: Waiter = {
        admit: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  #release(): void {
    const [next] = this.#waiters;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    // The slot goes straight to the next in line: a newcomer cannot overtake.
    this.#waiters.delete(next);
    next.admit();
  }
}
