/*
 * Leader election by client-go's algorithm: one Lease, written with its resourceVersion; a leader that cannot renew
 * for `renewDeadlineMs` steps down, others wait `leaseDurationMs` without a sign of life. Unlike client-go it goes on
 * renewing while the work is being wound up after a stop, and releases only then: never a gap in which two act.
 */
import type { Logger } from 'pino';
import { pause, systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { Deadline, orAborted } from './deadline.ts';
import { LeadershipLost } from './leader-election.ts';
import type { Leadership } from './leader-election.ts';
import type { Lease, LeaseLock } from './lease-lock.ts';
import { heldRecord, isHeldBy, mayBeTaken, observe, releasedRecord } from './lease-record.ts';
import type { Observation } from './lease-record.ts';
import { noLeaderMetrics } from './metrics.ts';
import type { LeaderMetrics } from './metrics.ts';
import { Term } from './term.ts';

export interface LeaseTiming {
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

/** controller-runtime's. */
export const DEFAULT_LEASE_TIMING: LeaseTiming = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2000,
};

export interface LeaderElectorOptions {
  readonly lock: LeaseLock;
  readonly identity: string;
  readonly log: Logger;
  readonly timing?: LeaseTiming | undefined;
  readonly clock?: Clock | undefined;
  readonly metrics?: LeaderMetrics | undefined;
}

/** client-go's JitterFactor: candidates that started together do not ask together. */
const JITTER = 1.2;

export class LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #timing: LeaseTiming;
  readonly #clock: Clock;
  readonly #metrics: LeaderMetrics;
  #observed: Observation | undefined;

  /** Throws unless leaseDuration > renewDeadline > retryPeriod x 1.2. */
  constructor(options: LeaderElectorOptions) {
    this.#options = options;
    this.#timing = options.timing ?? DEFAULT_LEASE_TIMING;
    this.#clock = options.clock ?? systemClock;
    this.#metrics = options.metrics ?? noLeaderMetrics;
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = this.#timing;
    if (!(leaseDurationMs > renewDeadlineMs && renewDeadlineMs > retryPeriodMs * JITTER && retryPeriodMs > 0)) {
      throw new RangeError('leader election needs leaseDuration > renewDeadline > 1.2 x retryPeriod > 0');
    }
  }

  /**
   * Waits to be elected, then calls `lead` once. When `lead` ends, so does the term: the lease is released and its
   * result passed on. When leadership is lost first, `lost` aborts and this throws LeadershipLost: the process must
   * end. The signal ends the waiting only; `lead` has to look at it itself.
   */
  async run(signal: AbortSignal, lead: (leadership: Leadership) => Promise<void>): Promise<void> {
    const term = await this.#acquire(signal);
    if (term === undefined) return;
    const { identity, lock, log } = this.#options;
    log.info({ lease: lock.name, identity }, 'became leader');
    this.#metrics.leading(lock.name, true);
    const ended = new AbortController();
    const work = lead(term).finally(() => ended.abort());
    work.catch(() => undefined); // looked at below, perhaps only after a renewal that is on its way
    try {
      await this.#hold(term, ended.signal);
      await this.#windUp(term, work);
    } finally {
      this.#metrics.leading(lock.name, false);
    }
  }

  async #acquire(signal: AbortSignal): Promise<Term | undefined> {
    const { lock, identity, log } = this.#options;
    log.info({ lease: lock.name, identity }, 'waiting to become leader');
    while (!signal.aborted) {
      const startedMs = this.#clock.monotonicMs();
      const startedAt = this.#clock.now();
      if (await this.#attempt(signal, this.#timing.renewDeadlineMs)) {
        const term = new Term({ identity, clock: this.#clock, renewDeadlineMs: this.#timing.renewDeadlineMs });
        term.renewed(startedMs, startedAt);
        return term;
      }
      await pause(this.#clock, this.#timing.retryPeriodMs * (1 + Math.random() * JITTER), signal);
    }
    return undefined;
  }

  /** Returns when the work has ended or leadership is lost. */
  async #hold(term: Term, ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      await pause(this.#clock, this.#timing.retryPeriodMs, ended);
      if (ended.aborted) return;
      const startedMs = this.#clock.monotonicMs();
      const startedAt = this.#clock.now();
      const leftMs = this.#timing.renewDeadlineMs - (startedMs - term.renewedMs);
      if (leftMs > 0 && (await this.#attempt(undefined, leftMs))) term.renewed(startedMs, startedAt);
      else if (this.#isLost(term)) return;
    }
  }

  /** Another holder is certain loss; anything else may pass until the deadline. */
  #isLost(term: Term): boolean {
    const taken = this.#observed !== undefined && !isHeldBy(this.#observed.lease, this.#options.identity);
    const late = this.#clock.monotonicMs() - term.renewedMs >= this.#timing.renewDeadlineMs;
    if (!taken && !late) return false;
    const lost = new LeadershipLost(taken ? 'another holds the lease' : 'the lease could not be renewed in time');
    this.#options.log.error({ lease: this.#options.lock.name, err: lost }, 'lost leadership');
    term.end(lost);
    return true;
  }

  async #windUp(term: Term, work: Promise<void>): Promise<void> {
    if (term.lost.aborted) {
      // Nobody else may lead before the lease runs out: until then the work may end by itself.
      const { leaseDurationMs, renewDeadlineMs } = this.#timing;
      const afterMs = leaseDurationMs - renewDeadlineMs;
      using limit = new Deadline(undefined, { clock: this.#clock, afterMs, what: 'ending the work' });
      await orAborted(work, limit.signal).catch(() => undefined); // the loss is the error that counts
      throw term.lost.reason;
    }
    try {
      await work;
    } finally {
      term.end(new LeadershipLost('the lease was released'));
      await this.#release();
    }
  }

  async #release(): Promise<void> {
    const { lock, identity, log } = this.#options;
    const lease = this.#observed?.lease;
    if (lease === undefined || !isHeldBy(lease, identity)) return;
    using limit = this.#limit(undefined, this.#timing.renewDeadlineMs);
    try {
      const update = lock.update(lease, releasedRecord(lease, this.#clock), limit.signal);
      const released = await orAborted(update, limit.signal);
      if (released === undefined) log.warn({ lease: lock.name }, 'somebody else has written the lease');
      else log.info({ lease: lock.name }, 'released the lease');
    } catch (error) {
      log.warn({ err: error, lease: lock.name }, 'could not release the lease, it runs out by itself');
    }
  }

  /** One try to take or renew; false when it failed for whatever reason. */
  async #attempt(signal: AbortSignal | undefined, limitMs: number): Promise<boolean> {
    using limit = this.#limit(signal, limitMs);
    try {
      return await orAborted(this.#takeOrRenew(limit.signal), limit.signal);
    } catch (error) {
      if (signal?.aborted !== true) {
        this.#options.log.warn({ err: error, lease: this.#options.lock.name }, 'could not read or write the lease');
      }
      return false;
    }
  }

  async #takeOrRenew(signal: AbortSignal): Promise<boolean> {
    const { identity } = this.#options;
    // The holder knows what it wrote last and need not read it again, until somebody else has written.
    const known = this.#observed?.lease;
    if (known !== undefined && isHeldBy(known, identity) && (await this.#write(known, signal))) return true;
    const lease = await this.#options.lock.read(signal);
    if (lease === undefined) return this.#write(undefined, signal);
    this.#see(lease);
    const mine = isHeldBy(lease, identity);
    const nowMs = this.#clock.monotonicMs();
    const free = this.#observed !== undefined && mayBeTaken(this.#observed, this.#timing.leaseDurationMs, nowMs);
    if (!mine && !free) return false;
    return this.#write(lease, signal);
  }

  async #write(before: Lease | undefined, signal: AbortSignal): Promise<boolean> {
    const { lock, identity } = this.#options;
    const candidate = { identity, leaseDurationMs: this.#timing.leaseDurationMs };
    const record = heldRecord(before, candidate, this.#clock);
    const written = await (before === undefined ? lock.create(record, signal) : lock.update(before, record, signal));
    if (written === undefined) return false;
    this.#see(written);
    return true;
  }

  #see(lease: Lease): void {
    this.#observed = observe(this.#observed, lease, this.#clock.monotonicMs());
  }

  #limit(signal: AbortSignal | undefined, afterMs: number): Deadline {
    return new Deadline(signal, { clock: this.#clock, afterMs, what: 'the lease request' });
  }
}
