/*
 * A store and what keeps it fresh: one reflector for the whole cluster, or one per watched namespace. Separate from the
 * reflector so that readers see one store whichever way the operator is installed.
 */
import type { KubernetesObject } from '../api/object-meta.ts';
import { orAborted } from './deadline.ts';
import type { ListWatch } from './list-watch.ts';
import { MemoryStore } from './memory-store.ts';
import { Reflector } from './reflector.ts';
import type { ReflectorOptions } from './reflector.ts';
import type { IndexFunction, Store } from './store.ts';

export interface InformerOptions<T extends KubernetesObject> extends Omit<ReflectorOptions<T>, 'listWatch'> {
  /** One for the whole cluster, or one for each namespace; their objects must not overlap. */
  readonly listWatches: readonly ListWatch<T>[];
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>> | undefined;
}

export class Informer<T extends KubernetesObject> {
  readonly name: string;
  readonly #store: MemoryStore<T>;
  readonly #reflectors: readonly Reflector<T>[];

  constructor(options: InformerOptions<T>) {
    const { listWatches, indexes, ...each } = options;
    this.name = options.name;
    this.#store = new MemoryStore<T>({ log: options.log, indexes, lists: listWatches.length });
    this.#reflectors = listWatches.map((listWatch) => new Reflector(this.#store, { ...each, listWatch }));
  }

  get store(): Store<T> {
    return this.#store;
  }

  /** The longest time since any of the reflectors heard from the API server. */
  get silentMs(): number {
    return Math.max(0, ...this.#reflectors.map((reflector) => reflector.silentMs));
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.run(signal)));
  }

  /** Resolves when every first list is in; rejects with the signal's reason. */
  async waitForSync(signal: AbortSignal): Promise<void> {
    await orAborted(Promise.all(this.#reflectors.map((reflector) => reflector.firstList)), signal);
  }
}
