/*
 * client-go's work queue with controller-runtime's priorities: a key is queued at most once, is never with two workers,
 * and runs again when it was added while it ran. Separate from the controller so that these promises are tested alone.
 * There is deliberately no rate over all keys: thousands of failures of one server would slow everybody else's retry.
 */
import { backoffDelayMs } from './backoff.ts';
import type { Backoff } from './backoff.ts';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import { DelayedKeys } from './delayed-keys.ts';
import { noQueueMetrics } from './metrics.ts';
import type { QueueMetrics } from './metrics.ts';

/** `resync` (first list, relist, sweep) is taken only when no `change` waits: a user must not queue behind 10,000 checks. */
export type Priority = 'change' | 'resync';

/** The first retry after half a second; within ten failures a key settles at one attempt in five minutes. */
const DEFAULT_BACKOFF: Backoff = { baseMs: 500, maxMs: 300_000, jitter: 0.1 };

export interface WorkQueueOptions {
  readonly name: string;
  readonly clock?: Clock | undefined;
  readonly backoff?: Backoff | undefined;
  readonly metrics?: QueueMetrics | undefined;
}

export interface AddOptions {
  /** Default: that of the run in progress for this key, else `change`. */
  readonly priority?: Priority | undefined;
}

interface Running {
  readonly priority: Priority;
  readonly sinceMs: number;
}

export class WorkQueue {
  readonly name: string;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #metrics: QueueMetrics;
  /** Key -> due since, in the order in which they will be taken. */
  readonly #ready: Readonly<Record<Priority, Map<string, number>>> = { change: new Map(), resync: new Map() };
  readonly #running = new Map<string, Running>();
  /** Added while running: runs again when done. */
  readonly #dirty = new Map<string, Priority>();
  readonly #failures = new Map<string, number>();
  readonly #delayed: DelayedKeys<Priority>;
  readonly #takers: ((key: string | undefined) => void)[] = [];
  readonly #drained: (() => void)[] = [];
  #shutDown = false;

  constructor(options: WorkQueueOptions) {
    this.name = options.name;
    this.#clock = options.clock ?? systemClock;
    this.#backoff = options.backoff ?? DEFAULT_BACKOFF;
    this.#metrics = options.metrics ?? noQueueMetrics;
    this.#delayed = new DelayedKeys(this.#clock, (key, priority) => this.#enqueue(key, priority));
  }

  /** Keys that are due and not taken. */
  get depth(): number {
    return this.#ready.change.size + this.#ready.resync.size;
  }

  get delayed(): number {
    return this.#delayed.size;
  }

  get running(): number {
    return this.#running.size;
  }

  /** Queues now. A delayed add of the same key is over: the run that comes decides anew when to look again. */
  add(key: string, options: AddOptions = {}): void {
    this.#enqueue(key, this.#priorityOf(key, options));
  }

  /** Queues after `delayMs`; of several delayed adds of one key the earliest wins. */
  addAfter(key: string, delayMs: number, options: AddOptions = {}): void {
    if (delayMs <= 0) {
      this.add(key, options);
      return;
    }
    if (this.#shutDown || this.#isReady(key)) return;
    this.#delayed.add(key, delayMs, this.#priorityOf(key, options));
  }

  /** Queues after the key's own backoff, and not before `atLeastMs`. */
  addRateLimited(key: string, options: AddOptions & { readonly atLeastMs?: number | undefined } = {}): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#metrics.retry(this.name);
    const delayMs = Math.max(backoffDelayMs(this.#backoff, failures), options.atLeastMs ?? 0);
    this.addAfter(key, delayMs, options);
  }

  /** It went well, or trying again cannot help: the backoff starts from the beginning. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  numRequeues(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, in FIFO order within its priority; undefined once the queue is shut down. Pair with `done`. */
  get(): Promise<string | undefined> {
    if (this.#shutDown) return Promise.resolve(undefined);
    const key = this.#take();
    if (key !== undefined) return Promise.resolve(key);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** The key may be taken again; if it was added meanwhile, it is queued now. */
  done(key: string): void {
    const running = this.#running.get(key);
    if (running === undefined) throw new Error(`done without get for ${key}`);
    this.#running.delete(key);
    this.#metrics.worked(this.name, (this.#clock.monotonicMs() - running.sinceMs) / 1000);
    const priority = this.#dirty.get(key);
    this.#dirty.delete(key);
    if (priority !== undefined) this.#enqueue(key, priority);
    if (this.#running.size > 0) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  /** Stops taking: what waits is dropped (it is found again by the next first list), what runs goes on. */
  shutDown(): void {
    this.#shutDown = true;
    this.#delayed.clear();
    this.#dirty.clear();
    for (const priority of ['change', 'resync'] as const) {
      this.#ready[priority].clear();
      this.#reportDepth(priority);
    }
    for (const resolve of this.#takers.splice(0)) resolve(undefined);
  }

  /** Resolves when nothing runs. */
  drain(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** workqueue_longest_running_processor_seconds. */
  longestRunningMs(): number {
    const nowMs = this.#clock.monotonicMs();
    return Math.max(0, ...this.#running.values().map((running) => nowMs - running.sinceMs));
  }

  /** workqueue_unfinished_work_seconds, in milliseconds: the sum over what runs. */
  unfinishedMs(): number {
    const nowMs = this.#clock.monotonicMs();
    return this.#running.values().reduce((sum, running) => sum + nowMs - running.sinceMs, 0);
  }

  #enqueue(key: string, priority: Priority): void {
    if (this.#shutDown) return;
    this.#delayed.delete(key);
    if (this.#running.has(key)) {
      this.#dirty.set(key, higher(priority, this.#dirty.get(key)));
      return;
    }
    if (this.#ready.change.has(key) || this.#ready[priority].has(key)) return;
    const dueSinceMs = this.#ready.resync.get(key) ?? this.#clock.monotonicMs();
    // Only a change gets here for a key that waits as a resync: it moves up.
    if (this.#ready.resync.delete(key)) this.#reportDepth('resync');
    else this.#metrics.add(this.name);
    this.#ready[priority].set(key, dueSinceMs);
    this.#reportDepth(priority);
    this.#offer();
  }

  #offer(): void {
    if (this.#takers.length === 0) return;
    const key = this.#take();
    if (key !== undefined) this.#takers.shift()?.(key);
  }

  #take(): string | undefined {
    const priority = this.#ready.change.size > 0 ? 'change' : 'resync';
    const [first] = this.#ready[priority];
    if (first === undefined) return undefined;
    const [key, dueSinceMs] = first;
    this.#ready[priority].delete(key);
    const nowMs = this.#clock.monotonicMs();
    this.#running.set(key, { priority, sinceMs: nowMs });
    this.#reportDepth(priority);
    this.#metrics.queued(this.name, (nowMs - dueSinceMs) / 1000);
    return key;
  }

  #isReady(key: string): boolean {
    return this.#ready.change.has(key) || this.#ready.resync.has(key);
  }

  #priorityOf(key: string, options: AddOptions): Priority {
    return options.priority ?? this.#running.get(key)?.priority ?? 'change';
  }

  #reportDepth(priority: Priority): void {
    this.#metrics.depth(this.name, priority, this.#ready[priority].size);
  }
}

function higher(a: Priority, b: Priority | undefined): Priority {
  return a === 'change' || b === 'change' ? 'change' : 'resync';
}
