/*
 * The cached objects, their indexes and who wants to hear of changes. Separate from the reflectors that fill it:
 * several (one per watched namespace) may fill one store.
 */
import type { Logger } from 'pino';
import type { KubernetesObject } from '../api/object-meta.ts';
import type { ChangeHandler, ChangeOrigin, IndexFunction, Store } from './store.ts';

export interface MemoryStoreOptions<T> {
  readonly log: Logger;
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>> | undefined;
  /** How many first lists make it whole: one per reflector that fills it. */
  readonly lists?: number | undefined;
}

interface Index<T> {
  readonly valuesOf: IndexFunction<T>;
  readonly keys: Map<string, Set<string>>;
}

export class MemoryStore<T extends KubernetesObject> implements Store<T> {
  readonly #log: Logger;
  readonly #objects = new Map<string, T>();
  readonly #indexes: ReadonlyMap<string, Index<T>>;
  readonly #handlers = new Set<ChangeHandler<T>>();
  #missingLists: number;

  constructor(options: MemoryStoreOptions<T>) {
    this.#log = options.log;
    this.#missingLists = options.lists ?? 1;
    const indexes = Object.entries(options.indexes ?? {});
    this.#indexes = new Map(indexes.map(([name, valuesOf]) => [name, { valuesOf, keys: new Map() }]));
  }

  get hasSynced(): boolean {
    return this.#missingLists <= 0;
  }

  firstListDone(): void {
    this.#missingLists -= 1;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  byIndex(index: string, value: string): readonly T[] {
    const found = this.#indexes.get(index);
    if (found === undefined) throw new Error(`no index "${index}" on this store`);
    const keys = found.keys.get(value) ?? [];
    return [...keys].flatMap((key) => this.#objects.get(key) ?? []);
  }

  onChange(handler: ChangeHandler<T>): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Nothing happens for a version that is already here, so a relist stays silent about what has not changed. */
  set(key: string, after: T, origin: ChangeOrigin): void {
    const before = this.#objects.get(key);
    if (before?.metadata.resourceVersion === after.metadata.resourceVersion) return;
    if (before !== undefined) this.#unindex(key, before);
    this.#objects.set(key, after);
    for (const { valuesOf, keys } of this.#indexes.values()) {
      for (const value of valuesOf(after)) addTo(keys, value, key);
    }
    this.#announce(key, before, after, origin);
  }

  delete(key: string, origin: ChangeOrigin): void {
    const before = this.#objects.get(key);
    if (before === undefined) return;
    this.#unindex(key, before);
    this.#objects.delete(key);
    this.#announce(key, before, undefined, origin);
  }

  #unindex(key: string, object: T): void {
    for (const { valuesOf, keys } of this.#indexes.values()) {
      for (const value of valuesOf(object)) removeFrom(keys, value, key);
    }
  }

  #announce(key: string, before: T | undefined, after: T | undefined, origin: ChangeOrigin): void {
    for (const handler of this.#handlers) {
      try {
        handler(key, before, after, origin);
      } catch (error) {
        // One broken handler must neither stop the cache nor keep the others from hearing.
        this.#log.error({ err: error, key }, 'change handler failed');
      }
    }
  }
}

function addTo(index: Map<string, Set<string>>, value: string, key: string): void {
  const keys = index.get(value);
  if (keys === undefined) index.set(value, new Set([key]));
  else keys.add(key);
}

function removeFrom(index: Map<string, Set<string>>, value: string, key: string): void {
  const keys = index.get(value);
  if (keys === undefined) return;
  keys.delete(key);
  if (keys.size === 0) index.delete(value);
}
