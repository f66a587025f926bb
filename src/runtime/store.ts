/*
 * What a reader of cached objects sees. Separate from the reflector that fills it, so that controllers and steps
 * depend on a lookup and not on how it is kept fresh. A miss is no proof of absence: the cache trails the API server.
 */
import type { KubernetesObject } from '../api/object-meta.ts';

/** `list`: found by a first or repeated list, so nobody is waiting for it just now. `watch`: it happened just now. */
export type ChangeOrigin = 'list' | 'watch';

/** No `before`: added. No `after`: deleted. A different metadata.uid: deleted and created again while away. */
export type ChangeHandler<T> = (key: string, before: T | undefined, after: T | undefined, origin: ChangeOrigin) => void;

/** The values under which an object is found, e.g. the uids of its owners. */
export type IndexFunction<T> = (object: T) => readonly string[];

export interface Store<T extends KubernetesObject> {
  /** True once a first list is in. */
  readonly hasSynced: boolean;
  readonly size: number;
  /** By 'namespace/name', or 'name' for what is cluster-scoped. Never change what comes back: it is the cache. */
  get(key: string): T | undefined;
  list(): readonly T[];
  /** Throws for an index that was not declared. */
  byIndex(index: string, value: string): readonly T[];
  /** Calls for each later change; returns what ends it. Handlers must not throw; one that does is logged and skipped. */
  onChange(handler: ChangeHandler<T>): () => void;
}
