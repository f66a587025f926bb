/*
 * One term of leadership: when it was last renewed, and whether it has ended. Separate from the elector because this
 * is all that the fence needs, and it must be right even when no timer of the process has fired for a while.
 */
import type { Clock } from './clock.ts';
import { LeadershipLost } from './leader-election.ts';
import type { Leadership } from './leader-election.ts';

export interface TermOptions {
  readonly identity: string;
  readonly clock: Clock;
  readonly renewDeadlineMs: number;
}

export class Term implements Leadership {
  readonly identity: string;
  readonly #clock: Clock;
  readonly #renewDeadlineMs: number;
  readonly #lost = new AbortController();
  #renewedMs = Number.NEGATIVE_INFINITY;
  #renewedAt = new Date(0);

  constructor(options: TermOptions) {
    this.identity = options.identity;
    this.#clock = options.clock;
    this.#renewDeadlineMs = options.renewDeadlineMs;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Monotonic time of the last renewal. */
  get renewedMs(): number {
    return this.#renewedMs;
  }

  /** Both times are of before the request was sent: others count from when it arrived, which is later. */
  renewed(monotonicMs: number, at: Date): void {
    this.#renewedMs = monotonicMs;
    this.#renewedAt = at;
  }

  end(reason: LeadershipLost): void {
    this.#lost.abort(reason);
  }

  assertLeading(): void {
    if (this.#lost.signal.aborted) throw this.#lost.signal.reason;
    // Linux's monotonic clock stands still while a virtual machine is suspended; the wall clock shows that time. Its
    // jumping forward for another reason only costs a retry after the next renewal.
    const sinceMs = Math.max(this.#clock.monotonicMs() - this.#renewedMs, this.#clock.now().getTime() - this.#renewedAt.getTime());
    if (sinceMs > this.#renewDeadlineMs) throw new LeadershipLost('the last renewal of the lease is too long ago');
  }
}
