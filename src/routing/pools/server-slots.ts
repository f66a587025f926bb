/*
 * The places on one server: how many connections there are, which of them are idle, and which tenants wait for one.
 * Pure accounting, separate because the limit and the fairness between tenants are decided here and nowhere else.
 */

/** What the accounting needs to know of a tenant's pool. */
export interface Claimant {
  /** Its connections, those being opened included. */
  readonly size: number;
  /** Number of its longest waiting request; Infinity when none waits. */
  readonly oldestWaiter: number;
}

export class ServerSlots<B extends Claimant, C> {
  readonly key: string;
  readonly limit: number;
  /** Idle connections, the least recently used first. */
  readonly idle = new Set<C>();
  /** Connections that are being closed: their places are still taken. */
  closing = 0;
  #used = 0;
  /** Tenants without any connection come before those that want one more; first come first served in both. */
  readonly #without = new Set<B>();
  readonly #wanting = new Set<B>();

  constructor(key: string, limit: number) {
    this.key = key;
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  get waiting(): number {
    return this.#without.size + this.#wanting.size;
  }

  get unused(): boolean {
    return this.#used === 0 && this.waiting === 0;
  }

  /** Takes a place, if there is one that nobody waits for. */
  take(): boolean {
    if (this.#used >= this.limit) return false;
    this.#used += 1;
    return true;
  }

  /** Gives a place back, once its connection is gone from the server. */
  free(): void {
    if (this.#used === 0) throw new Error(`more places of ${this.key} were given back than taken`);
    this.#used -= 1;
  }

  /** Puts a tenant into the queue, behind those who are there; its place is kept when it is there. */
  enqueue(bucket: B): void {
    const [queue, other] = bucket.size === 0 ? [this.#without, this.#wanting] : [this.#wanting, this.#without];
    other.delete(bucket);
    queue.add(bucket);
  }

  dequeue(bucket: B): void {
    if (this.waiting === 0) return;
    this.#without.delete(bucket);
    this.#wanting.delete(bucket);
  }

  /** The tenant whose turn it is, taken out of the queue, if there is a place for it. */
  next(): B | undefined {
    const next = this.#used < this.limit ? this.#first() : undefined;
    if (next !== undefined) this.dequeue(next);
    return next;
  }

  /**
   * Whether a tenant that has work for its own connection must give it up, when it comes back, for another tenant:
   * for one that has none and was there first, or for one with at least two fewer. So nobody starves, and tenants with
   * equal shares keep their connections instead of trading them at the price of a login each.
   */
  mustYield(bucket: B): boolean {
    if (this.closing >= this.waiting) return false;
    const [poorest] = this.#without;
    if (poorest !== undefined && poorest !== bucket && poorest.oldestWaiter < bucket.oldestWaiter) return true;
    const first = this.#first();
    return first !== undefined && first !== bucket && bucket.size > first.size + 1;
  }

  /** How many tenants without any connection wait. */
  get poor(): number {
    return this.#without.size;
  }

  /**
   * Whether a connection that its tenant has no work for at the moment is needed more elsewhere. A tenant that has some of
   * its own rather waits for them: taking another's, which soon takes it back, costs both a login.
   */
  mustGiveUp(bucket: B): boolean {
    // Whoever waits for a place that is being cleared needs no other.
    if (this.closing >= this.waiting) return false;
    const first = this.#first();
    return this.closing < this.poor || (first !== undefined && bucket.size > first.size + 1);
  }

  #first(): B | undefined {
    for (const bucket of this.#without) return bucket;
    for (const bucket of this.#wanting) return bucket;
    return undefined;
  }
}
