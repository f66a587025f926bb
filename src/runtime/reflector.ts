/*
 * Keeps a store equal to one list of the API server: list in pages, then watch from that list's resourceVersion, for
 * ever. Separate from the store (several reflectors may fill one) and from the client (a port). It never dies:
 * whatever goes wrong, it waits and goes on from the last resourceVersion, or lists again when that has expired.
 */
import type { Logger } from 'pino';
import type { KubernetesObject, ObjectMeta } from '../api/object-meta.ts';
import { keyOf } from '../api/object-meta.ts';
import { backoffDelayMs, retryAfterMsOf } from './backoff.ts';
import type { Backoff } from './backoff.ts';
import { pause, systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { Deadline } from './deadline.ts';
import { ListRefused, ResourceExpired } from './list-watch.ts';
import type { ListPage, ListWatch, ListWatchEvent } from './list-watch.ts';
import type { MemoryStore } from './memory-store.ts';
import { noReflectorMetrics } from './metrics.ts';
import type { ReflectorMetrics } from './metrics.ts';

export interface ReflectorTiming {
  /** How long the server keeps a watch open: a random time from `min` to twice that, as client-go does. */
  readonly watchSeconds: number;
  /** A watch without event or bookmark (they come about once a minute) for so long is a dead connection. */
  readonly idleMs: number;
  /** An attempt that lived so long was a good one: the next failure starts the backoff anew. */
  readonly healthyMs: number;
  readonly backoff: Backoff;
}

const DEFAULT_REFLECTOR_TIMING: ReflectorTiming = {
  watchSeconds: 240,
  idleMs: 150_000,
  healthyMs: 10_000,
  backoff: { baseMs: 800, maxMs: 30_000, jitter: 0.5 },
};

export interface ReflectorOptions<T extends KubernetesObject> {
  /** For logs and metrics, e.g. 'studiotenants'. */
  readonly name: string;
  readonly listWatch: ListWatch<T>;
  readonly log: Logger;
  /** Keep only what is needed of an object, before it is stored. metadata.managedFields is always dropped. */
  readonly transform?: ((object: T) => T) | undefined;
  /**
   * A list that is refused (403) counts as an empty one, and is asked for again. For objects of which a miss proves
   * nothing: the rights in a namespace go before the namespace does, and must not hold up all the others.
   */
  readonly goesOnWithoutRights?: boolean | undefined;
  readonly pageSize?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly timing?: Partial<ReflectorTiming> | undefined;
  readonly metrics?: ReflectorMetrics | undefined;
}

export class Reflector<T extends KubernetesObject> {
  readonly name: string;
  readonly #options: ReflectorOptions<T>;
  readonly #store: MemoryStore<T>;
  readonly #clock: Clock;
  readonly #timing: ReflectorTiming;
  readonly #metrics: ReflectorMetrics;
  #listed = false;
  readonly #firstList = Promise.withResolvers<void>();
  /** What this reflector put into the store: what it may delete again. */
  #keys = new Set<string>();
  /** Where the watch goes on; undefined: list first. */
  #resourceVersion: string | undefined;
  #lastContactMs: number;

  constructor(store: MemoryStore<T>, options: ReflectorOptions<T>) {
    this.name = options.name;
    this.#options = options;
    this.#store = store;
    this.#clock = options.clock ?? systemClock;
    this.#timing = { ...DEFAULT_REFLECTOR_TIMING, ...options.timing };
    this.#metrics = options.metrics ?? noReflectorMetrics;
    this.#lastContactMs = this.#clock.monotonicMs();
  }

  /** Resolves when the first list is in the store. */
  get firstList(): Promise<void> {
    return this.#firstList.promise;
  }

  /** Time since the API server last told us anything: what a liveness probe and a metric look at. */
  get silentMs(): number {
    return this.#clock.monotonicMs() - this.#lastContactMs;
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const startedMs = this.#clock.monotonicMs();
      const failure = await this.#listAndWatch(signal);
      if (signal.aborted) return;
      // A server that closes every watch at once is as unwell as one that fails: only a long life clears the count.
      if (this.#clock.monotonicMs() - startedMs >= this.#timing.healthyMs) failures = 0;
      const delayMs = Math.max(backoffDelayMs(this.#timing.backoff, failures), retryAfterMsOf(failure));
      failures += 1;
      if (failure !== undefined) this.#report(failure, delayMs);
      await pause(this.#clock, delayMs, signal);
    }
  }

  /** One life: returns what ended it, or undefined when the server ended the watch as agreed. */
  async #listAndWatch(signal: AbortSignal): Promise<unknown> {
    try {
      this.#resourceVersion ??= await this.#list(signal);
      await this.#watch(this.#resourceVersion, signal);
      return undefined;
    } catch (error) {
      if (error instanceof ResourceExpired) this.#resourceVersion = undefined;
      if (error instanceof ListRefused && this.#options.goesOnWithoutRights === true) this.#goOnWithout();
      return error;
    }
  }

  #report(error: unknown, delayMs: number): void {
    const expired = error instanceof ResourceExpired;
    this.#metrics.failed(this.name, expired);
    const details = { err: error, reflector: this.name, delayMs: Math.round(delayMs), silentMs: Math.round(this.silentMs) };
    if (expired) this.#options.log.info(details, 'resource version expired, listing again');
    else this.#options.log.warn(details, 'list or watch failed, going on after a pause');
  }

  async #list(signal: AbortSignal): Promise<string> {
    const startedMs = this.#clock.monotonicMs();
    const seen = new Set<string>();
    const resourceVersion = await this.#pages(signal, seen);
    // Deletes that happened while nobody watched.
    for (const key of this.#keys) if (!seen.has(key)) this.#store.delete(key, 'list');
    this.#keys = seen;
    this.#metrics.listed(this.name, (this.#clock.monotonicMs() - startedMs) / 1000, seen.size);
    this.#metrics.objects(this.name, this.#store.size);
    this.#firstListIsIn();
    return resourceVersion;
  }

  #firstListIsIn(): void {
    if (!this.#listed) this.#store.firstListDone();
    this.#listed = true;
    this.#firstList.resolve();
  }

  /** The server has answered, so it is not silent; what it does not show us is taken for nothing until it does. */
  #goOnWithout(): void {
    this.#lastContactMs = this.#clock.monotonicMs();
    this.#firstListIsIn();
  }

  async #pages(signal: AbortSignal, seen: Set<string>): Promise<string> {
    const limit = this.#options.pageSize ?? 500;
    let token: string | undefined;
    for (;;) {
      const page = await this.#page(signal, limit, token, seen);
      this.#lastContactMs = this.#clock.monotonicMs();
      for (const item of page.items) seen.add(this.#put(item, 'list'));
      token = page.continue === '' ? undefined : page.continue;
      if (token === undefined) return page.resourceVersion;
    }
  }

  async #page(signal: AbortSignal, limit: number, token: string | undefined, seen: Set<string>): Promise<ListPage<T>> {
    try {
      return await this.#options.listWatch.list({ limit, continue: token, signal });
    } catch (error) {
      // A list so long that its own token expires would never end in pages: take it whole, as client-go does.
      if (token === undefined || !(error instanceof ResourceExpired)) throw error;
      // What earlier pages brought may be gone from it, and no watch would tell: only what it holds counts.
      seen.clear();
      return await this.#options.listWatch.list({ signal });
    }
  }

  async #watch(from: string, signal: AbortSignal): Promise<void> {
    const timeoutSeconds = Math.ceil(this.#timing.watchSeconds * (1 + Math.random()));
    // Two guards against a connection that is dead without saying so: nothing heard for long, and the server's own limit.
    using whole = new Deadline(signal, {
      clock: this.#clock,
      afterMs: timeoutSeconds * 1000 + 15_000,
      what: 'the watch',
    });
    using idle = new Deadline(whole.signal, { clock: this.#clock, what: 'waiting for an event or bookmark' });
    idle.restart(this.#timing.idleMs);
    const request = { resourceVersion: from, timeoutSeconds, signal: idle.signal };
    for await (const event of this.#options.listWatch.watch(request)) {
      idle.restart(this.#timing.idleMs);
      this.#lastContactMs = this.#clock.monotonicMs();
      this.#take(event);
    }
  }

  #take(event: ListWatchEvent<T>): void {
    this.#metrics.event(this.name, event.type);
    if (event.type === 'DELETED') {
      const key = keyOf(event.object);
      this.#keys.delete(key);
      this.#store.delete(key, 'watch');
    } else if (event.type !== 'BOOKMARK') {
      this.#put(event.object, 'watch');
    }
    this.#metrics.objects(this.name, this.#store.size);
    // Only after the store has it: what breaks before this is seen again.
    this.#resourceVersion = event.object.metadata.resourceVersion;
  }

  #put(object: T, origin: 'list' | 'watch'): string {
    const key = keyOf(object);
    // At once, not when the list is complete: what a list that broke off brought must be found missing by the next.
    this.#keys.add(key);
    const trimmed = withoutManagedFields(object);
    this.#store.set(key, this.#options.transform?.(trimmed) ?? trimmed, origin);
    return key;
  }
}

/** A fifth of the heap, read by nobody here. Set, not deleted: `delete` would turn the object into a slow dictionary. */
function withoutManagedFields<T extends KubernetesObject>(object: T): T {
  const metadata: ObjectMeta & { managedFields?: unknown } = object.metadata;
  if (metadata.managedFields !== undefined) metadata.managedFields = undefined;
  return object;
}
