/*
 * A selection of one resource as the reflector's port. Separate because here the client's 410 becomes the runtime's
 * ResourceExpired, which alone makes a reflector list again.
 */
import type { KubernetesObject } from '../../api/object-meta.ts';
import type { Resource } from '../../api/resources.ts';
import { ListRefused, ResourceExpired } from '../../runtime/list-watch.ts';
import type { ListPage, ListWatch, ListWatchEvent, PageRequest, WatchRequest } from '../../runtime/list-watch.ts';
import { isExpired, isForbidden } from './errors.ts';
import type { Kubernetes, ReadOptions, Selection } from './kubernetes.ts';

export type WatchedSelection = Selection & Pick<ReadOptions, 'metadataOnly'>;

export function listWatch<T extends KubernetesObject>(
  kubernetes: Kubernetes,
  resource: Resource,
  selection: WatchedSelection = {},
): ListWatch<T> {
  return {
    async list(request: PageRequest): Promise<ListPage<T>> {
      try {
        return await kubernetes.list<T>(resource, { ...selection, ...request });
      } catch (error) {
        throw inOurWords(error);
      }
    },
    async *watch(request: WatchRequest): AsyncGenerator<ListWatchEvent<T>, void> {
      try {
        yield* kubernetes.watch<T>(resource, { ...selection, ...request });
      } catch (error) {
        throw inOurWords(error);
      }
    },
  };
}

/** One for the whole cluster, or one for each of the namespaces. */
export function listWatches<T extends KubernetesObject>(
  kubernetes: Kubernetes,
  resource: Resource,
  namespaces: readonly string[] | undefined,
  selection: Omit<WatchedSelection, 'namespace'> = {},
): readonly ListWatch<T>[] {
  if (namespaces === undefined || !resource.namespaced) return [listWatch<T>(kubernetes, resource, selection)];
  return namespaces.map((namespace) => listWatch<T>(kubernetes, resource, { ...selection, namespace }));
}

function inOurWords(error: unknown): unknown {
  if (isForbidden(error)) return new ListRefused(error.message, { cause: error });
  return isExpired(error) ? new ResourceExpired(error.message, { cause: error }) : error;
}
