/*
 * The verbs of the Kubernetes API over the transport: address, query, content type and body of each. Separate from the
 * interface so that nothing but the composition root knows this class.
 */
import { FIELD_MANAGER } from '../../api/group.ts';
import type { KubernetesObject } from '../../api/object-meta.ts';
import { apiVersionOf } from '../../api/resources.ts';
import type { Resource } from '../../api/resources.ts';
import type { Request } from '../../runtime/reconciler.ts';
import { isNotFound } from './errors.ts';
import type * as Api from './kubernetes.ts';
import { pathOf, queryOf } from './paths.ts';
import { Transport } from './transport.ts';
import type { Exchange, TransportOptions } from './transport.ts';
import { watchEvents } from './watch-stream.ts';

const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
const METADATA_ONLY_LIST = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';

interface RawList<T> {
  readonly items: readonly T[] | null;
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
}

export class KubernetesClient implements Api.Kubernetes {
  readonly #transport: Transport;

  constructor(options: TransportOptions) {
    this.#transport = new Transport(options);
  }

  async get<T extends KubernetesObject>(resource: Resource, request: Request, options: Api.ReadOptions = {}): Promise<T | undefined> {
    const accept = options.metadataOnly === true ? METADATA_ONLY : undefined;
    try {
      const object = await this.#transport.json<T>({
        ...call('get', 'GET', resource, options),
        path: pathOf(resource, request),
        accept,
      });
      return ofKind(resource, object);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async list<T extends KubernetesObject>(resource: Resource, options: Api.ListOptions = {}): Promise<Api.List<T>> {
    const { namespace, limit, labelSelector, fieldSelector } = options;
    const query = queryOf({ limit, continue: options.continue, labelSelector, fieldSelector });
    const list = await this.#transport.json<RawList<T>>({
      ...call('list', 'GET', resource, options),
      path: pathOf(resource, { namespace }) + query,
      accept: options.metadataOnly === true ? METADATA_ONLY_LIST : undefined,
    });
    return {
      items: (list.items ?? []).map((item) => ofKind(resource, item)),
      resourceVersion: list.metadata.resourceVersion ?? '',
      continue: list.metadata.continue,
    };
  }

  async *watch<T extends KubernetesObject>(resource: Resource, options: Api.WatchOptions): AsyncGenerator<Api.WatchEvent<T>, void> {
    const { namespace, resourceVersion, timeoutSeconds, labelSelector, fieldSelector } = options;
    const bookmarks = { watch: true, allowWatchBookmarks: true };
    const path = pathOf(resource, { namespace });
    const chunks = this.#transport.stream({
      ...call('watch', 'GET', resource, options),
      path: path + queryOf({ ...bookmarks, resourceVersion, timeoutSeconds, labelSelector, fieldSelector }),
      accept: options.metadataOnly === true ? METADATA_ONLY : undefined,
    });
    for await (const event of watchEvents<T>(`WATCH ${path}`, chunks)) {
      yield { type: event.type, object: ofKind(resource, event.object) };
    }
  }

  create<T extends KubernetesObject>(resource: Resource, object: Api.ObjectToWrite, options: Api.CallOptions = {}): Promise<T> {
    const path = pathOf(resource, { namespace: object.metadata.namespace });
    return this.#transport.json({
      ...call('create', 'POST', resource, options),
      path: path + queryOf({ fieldManager: FIELD_MANAGER }),
      body: ofKind(resource, object),
    });
  }

  apply<T extends KubernetesObject>(resource: Resource, object: Api.ObjectToWrite, options: Api.ApplyOptions = {}): Promise<T> {
    return this.#transport.json({
      ...call('apply', 'PATCH', resource, options),
      path: pathTo(resource, object.metadata, options) + queryOf({ fieldManager: options.fieldManager ?? FIELD_MANAGER, force: true }),
      // JSON is YAML.
      contentType: 'application/apply-patch+yaml',
      body: ofKind(resource, object),
    });
  }

  replace<T extends KubernetesObject>(resource: Resource, object: Api.ObjectToWrite, options: Api.WriteOptions = {}): Promise<T> {
    return this.#transport.json({
      ...call('update', 'PUT', resource, options),
      path: pathTo(resource, object.metadata, options) + queryOf({ fieldManager: FIELD_MANAGER }),
      body: ofKind(resource, object),
    });
  }

  jsonPatch<T extends KubernetesObject>(
    resource: Resource,
    request: Request,
    operations: readonly Api.JsonPatchOperation[],
    options: Api.WriteOptions = {},
  ): Promise<T> {
    return this.#transport.json({
      ...call('patch', 'PATCH', resource, options),
      path: pathTo(resource, request, options) + queryOf({ fieldManager: FIELD_MANAGER }),
      contentType: 'application/json-patch+json',
      body: operations,
    });
  }

  async delete(resource: Resource, request: Request, options: Api.DeleteOptions = {}): Promise<void> {
    const { uid, resourceVersion, propagationPolicy, gracePeriodSeconds } = options;
    const conditional = uid !== undefined || resourceVersion !== undefined;
    const preconditions = conditional ? { uid, resourceVersion } : undefined;
    try {
      await this.#transport.json({
        ...call('delete', 'DELETE', resource, options),
        path: pathOf(resource, request),
        body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy, gracePeriodSeconds },
      });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  raw<T>(request: Api.RawRequest): Promise<T> {
    return this.#transport.json({ ...request, verb: request.method.toLowerCase(), resource: 'raw' });
  }
}

function call(
  verb: string,
  method: Exchange['method'],
  resource: Resource,
  options: Api.CallOptions,
): Pick<Exchange, 'verb' | 'method' | 'resource' | 'signal'> {
  return { verb, method, resource: resource.plural, signal: options.signal };
}

function pathTo(resource: Resource, request: Request, options: Api.WriteOptions): string {
  const { namespace, name } = request;
  return pathOf(resource, { namespace, name, subresource: options.subresource });
}

/** Items of a list come without apiVersion and kind, metadata-only ones with those of PartialObjectMetadata. */
function ofKind<T extends object>(resource: Resource, object: T): T {
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
}
