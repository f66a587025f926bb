/*
 * N workers that take keys from a queue and reconcile them. Separate from what is reconciled: this is the one place
 * that decides about deadlines, retries and the logging of errors, the same for every controller.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { retryAfterMsOf } from './backoff.ts';
import type { Backoff } from './backoff.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { Deadline } from './deadline.ts';
import { noControllerMetrics } from './metrics.ts';
import type { ControllerMetrics, QueueMetrics, ReconcileResult } from './metrics.ts';
import { keyOfRequest, requestOfKey, TerminalError } from './reconciler.ts';
import type { Reconciler, Request } from './reconciler.ts';
import { Unavailable } from './unavailable.ts';
import { WorkQueue } from './work-queue.ts';
import type { Priority } from './work-queue.ts';

export interface ControllerOptions {
  /** For logs and metrics, e.g. 'studiotenant'. */
  readonly name: string;
  readonly reconcile: Reconciler;
  readonly log: Logger;
  /** Reconciles at once, each of another key. */
  readonly workers?: number | undefined;
  /** The reconcile's signal aborts after this. Its key stays taken until it has really ended. */
  readonly reconcileTimeoutMs?: number | undefined;
  /** How long a stop waits for what is running before it aborts that too. */
  readonly stopTimeoutMs?: number | undefined;
  readonly backoff?: Backoff | undefined;
  readonly clock?: Clock | undefined;
  readonly metrics?: ControllerMetrics | undefined;
  readonly queueMetrics?: QueueMetrics | undefined;
}

export interface EnqueueOptions {
  readonly priority?: Priority | undefined;
  readonly afterMs?: number | undefined;
}

/** After the abort: what ignores its signal even then is left behind, as the process is about to end. */
const ABORT_GRACE_MS = 2000;

export class Controller {
  readonly name: string;
  readonly queue: WorkQueue;
  readonly #options: ControllerOptions;
  readonly #workers: number;
  readonly #clock: Clock;
  readonly #metrics: ControllerMetrics;
  /** Ends what is running; aborts later than the signal that stops the taking. */
  readonly #abort = new AbortController();
  #active = 0;

  constructor(options: ControllerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#workers = options.workers ?? 1;
    this.#clock = options.clock ?? systemClock;
    this.#metrics = options.metrics ?? noControllerMetrics;
    const { name, clock, backoff, queueMetrics } = options;
    this.queue = new WorkQueue({ name, clock, backoff, metrics: queueMetrics });
  }

  /** Reconcile this soon: now, or `afterMs` from now. Never waits; does nothing once stopped. */
  enqueue(request: Request, options: EnqueueOptions = {}): void {
    this.queue.addAfter(keyOfRequest(request), options.afterMs ?? 0, { priority: options.priority });
  }

  /**
   * Works until the signal aborts, then stops in order: takes nothing more, waits for what is running up to
   * `stopTimeoutMs`, then aborts it. Resolves when nothing is running (or does not react to its signal). Once only.
   */
  async start(signal: AbortSignal): Promise<void> {
    this.#metrics.maxWorkers(this.name, this.#workers);
    const stop = (): void => this.queue.shutDown();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const workers = Promise.all(Array.from({ length: this.#workers }, () => this.#work()));
    const aborted = this.#abortAfterStop(signal, workers);
    await Promise.race([workers, aborted]);
    signal.removeEventListener('abort', stop);
  }

  async #work(): Promise<void> {
    for (let key = await this.queue.get(); key !== undefined; key = await this.queue.get()) {
      this.#metrics.activeWorkers(this.name, ++this.#active);
      try {
        await this.#reconcile(key);
      } finally {
        this.#metrics.activeWorkers(this.name, --this.#active);
        this.queue.done(key);
      }
    }
  }

  async #reconcile(key: string): Promise<void> {
    const { reconcile, reconcileTimeoutMs = 120_000 } = this.#options;
    const request = requestOfKey(key);
    const reconcileId = randomUUID();
    const log = this.#options.log.child({ controller: this.name, ...request, reconcileId });
    const startedMs = this.#clock.monotonicMs();
    using deadline = new Deadline(this.#abort.signal, {
      clock: this.#clock,
      afterMs: reconcileTimeoutMs,
      what: 'the reconcile',
    });
    let result: ReconcileResult = 'error';
    try {
      const { requeueAfterMs } = await reconcile(request, { log, signal: deadline.signal, reconcileId });
      result = requeueAfterMs === undefined ? 'success' : 'requeue_after';
      this.queue.forget(key);
      if (requeueAfterMs !== undefined) this.queue.addAfter(key, requeueAfterMs);
    } catch (error) {
      this.#failed(key, error, log);
    }
    this.#metrics.reconcile(this.name, result, (this.#clock.monotonicMs() - startedMs) / 1000);
  }

  #failed(key: string, error: unknown, log: Logger): void {
    if (this.#abort.signal.aborted) {
      log.info({ err: error }, 'reconcile ended by the stop');
      return;
    }
    if (error instanceof TerminalError) {
      this.queue.forget(key);
      this.#metrics.terminalError(this.name);
      log.error({ err: error }, 'reconcile failed for good');
      return;
    }
    this.queue.addRateLimited(key, { atLeastMs: retryAfterMsOf(error) });
    const failures = this.queue.numRequeues(key);
    // Somebody else's outage is not this object's error, and it would be logged for every object.
    if (error instanceof Unavailable) log.warn({ err: error, failures }, 'reconcile waits for another system');
    else log.error({ err: error, failures }, 'reconcile failed');
  }

  /** Rejects never, resolves only when the running ones had their time and did not end. */
  async #abortAfterStop(signal: AbortSignal, workers: Promise<unknown>): Promise<void> {
    await aborted(signal);
    const { stopTimeoutMs = 20_000, log } = this.#options;
    using limit = new Deadline(undefined, { clock: this.#clock, afterMs: stopTimeoutMs, what: 'stopping' });
    await Promise.race([workers, aborted(limit.signal)]);
    if (this.queue.running === 0) return;
    log.warn({ controller: this.name, running: this.queue.running }, 'aborting reconciles that did not end in time');
    this.#abort.abort(limit.signal.reason);
    using grace = new Deadline(undefined, { clock: this.#clock, afterMs: ABORT_GRACE_MS, what: 'ending' });
    await Promise.race([workers, aborted(grace.signal)]);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
