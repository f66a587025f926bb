/*
 * The Kubernetes API as this project uses it: raw JSON in and out, one method per verb. Separate from the
 * implementation so that steps and controllers name what they need and tests can point it at any API server.
 * Every method throws KubernetesError for an answer that is not a success and Unavailable when there was no answer.
 */
import type { KubernetesObject } from '../../api/object-meta.ts';
import type { Resource } from '../../api/resources.ts';
import type { Request } from '../../runtime/reconciler.ts';

export interface CallOptions {
  /** Ends the call at once: rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface ReadOptions extends CallOptions {
  /** Ask for PartialObjectMetadata: no spec, no status, no data. */
  readonly metadataOnly?: boolean | undefined;
}

export interface Selection {
  /** Missing: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ListOptions extends ReadOptions, Selection {
  /** Objects per page; the rest comes with `continue`. */
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
}

export interface List<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** Present while there are more pages. */
  readonly continue?: string | undefined;
}

export interface WatchOptions extends ReadOptions, Selection {
  readonly resourceVersion: string;
  /** After this the server ends the watch by itself. */
  readonly timeoutSeconds: number;
}

/** An ERROR event is thrown as a KubernetesError instead: 410 means that the resourceVersion is too old. */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  /** For a BOOKMARK only metadata.resourceVersion holds. */
  readonly object: T;
}

interface Name {
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** Of a declared type, or written out on the spot with whatever else belongs to it. */
type Open<T> = T | (T & Readonly<Record<string, unknown>>);

/** apiVersion and kind are filled in from the resource. */
export type ObjectToWrite = Open<{ readonly metadata: Open<Name> }>;

export interface WriteOptions extends CallOptions {
  readonly subresource?: 'status' | undefined;
}

export interface ApplyOptions extends WriteOptions {
  /** FIELD_MANAGER when missing. */
  readonly fieldManager?: string | undefined;
}

export interface DeleteOptions extends CallOptions {
  /** Delete only this one: another object of the same name answers 409. */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
  readonly gracePeriodSeconds?: number | undefined;
}

/** RFC 6902. A `test` that fails answers 422 Invalid, so that nothing is written on a changed object. */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

export interface RawRequest extends CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query, e.g. `/version`. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string | undefined;
}

export interface Kubernetes {
  /** Undefined when there is none (404). */
  get<T extends KubernetesObject>(resource: Resource, request: Request, options?: ReadOptions): Promise<T | undefined>;
  /** One page. */
  list<T extends KubernetesObject>(resource: Resource, options?: ListOptions): Promise<List<T>>;
  /** Ends when the server ends it; throws when it breaks or the signal aborts. Leaving the loop closes the connection. */
  watch<T extends KubernetesObject>(resource: Resource, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** 409 AlreadyExists when the name is taken. */
  create<T extends KubernetesObject>(resource: Resource, object: ObjectToWrite, options?: CallOptions): Promise<T>;
  /**
   * Server-side apply, forced. With metadata.uid it never creates, nor touches another object that has
   * taken the name (`isGone`), but not so with the subresource status: there `replaceStatus` is the way.
   */
  apply<T extends KubernetesObject>(resource: Resource, object: ObjectToWrite, options?: ApplyOptions): Promise<T>;
  /** PUT; with metadata.resourceVersion a change in between answers 409. */
  replace<T extends KubernetesObject>(resource: Resource, object: ObjectToWrite, options?: WriteOptions): Promise<T>;
  jsonPatch<T extends KubernetesObject>(
    resource: Resource,
    request: Request,
    operations: readonly JsonPatchOperation[],
    options?: WriteOptions,
  ): Promise<T>;
  /** Nothing to delete (404) is a success. */
  delete(resource: Resource, request: Request, options?: DeleteOptions): Promise<void>;
  /** For what has no verb above, such as `/version`. */
  raw<T>(request: RawRequest): Promise<T>;
}
