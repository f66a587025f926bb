/*
 * What a reflector needs from an API server, as a port. Separate so that the runtime knows no client, and a test can
 * put a server in its place that breaks in every way a real one rarely does.
 */
import type { KubernetesObject } from '../api/object-meta.ts';

export interface ListPage<T> {
  readonly items: readonly T[];
  /** Of the whole list, the same on each of its pages: the watch goes on from here. */
  readonly resourceVersion: string;
  readonly continue?: string | undefined;
}

export interface PageRequest {
  /** Missing: everything at once. */
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  readonly signal: AbortSignal;
}

export interface WatchRequest {
  readonly resourceVersion: string;
  /** The server ends the watch after this. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

export interface ListWatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

/** Both throw ListRefused when the rights are missing, and ResourceExpired when the resourceVersion or page token is no longer known (410, or an ERROR event of 410). */
export interface ListWatch<T extends KubernetesObject> {
  list(request: PageRequest): Promise<ListPage<T>>;
  /** Ends when the server ends it; throws at once when the signal aborts. Bookmarks are asked for. */
  watch(request: WatchRequest): AsyncIterable<ListWatchEvent<T>>;
}

/** The API server answered that we may not list this here (403). */
export class ListRefused extends Error {
  override readonly name = 'ListRefused';
}

export class ResourceExpired extends Error {
  override readonly name = 'ResourceExpired';
}
