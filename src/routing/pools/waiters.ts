/*
 * Requests that wait for a connection of one tenant, first come first served. Separate because the order and the limits
 * in time hold for all of them, whatever else happens to the pool.
 */

export interface Waiter<C> {
  /** Rises with every waiter of all tenants: who came first. */
  readonly number: number;
  /** performance.now() at arrival. */
  readonly since: number;
  readonly resolve: (connection: C) => void;
  readonly reject: (error: Error) => void;
}

interface Waiting<C> extends Waiter<C> {
  timer: NodeJS.Timeout | undefined;
}

export class Waiters<C> {
  readonly #waiting = new Set<Waiting<C>>();

  get size(): number {
    return this.#waiting.size;
  }

  /** The number of the one who waits longest; Infinity when nobody does. */
  get oldest(): number {
    for (const waiter of this.#waiting) return waiter.number;
    return Infinity;
  }

  /** `onTimeout` is called once, after the waiter has left the queue; it rejects it. */
  add(waiter: Waiter<C>, timeoutMs: number, onTimeout: (waiter: Waiter<C>) => void): void {
    const waiting: Waiting<C> = { ...waiter, timer: undefined };
    waiting.timer = setTimeout(() => {
      if (this.#waiting.delete(waiting)) onTimeout(waiting);
    }, timeoutMs);
    this.#waiting.add(waiting);
  }

  /** Takes the one who waits longest out of the queue. */
  shift(): Waiter<C> | undefined {
    for (const waiter of this.#waiting) {
      clearTimeout(waiter.timer);
      this.#waiting.delete(waiter);
      return waiter;
    }
    return undefined;
  }

  /** Takes all out of the queue. */
  drain(): readonly Waiter<C>[] {
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const waiter of all) clearTimeout(waiter.timer);
    return all;
  }
}
