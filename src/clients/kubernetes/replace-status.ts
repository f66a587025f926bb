/*
 * Writing the status of exactly one object. Separate because it cannot be a server-side apply: on a custom resource's
 * status subresource the API server ignores metadata.uid (seen on 1.36) and writes onto whatever has the name now.
 */
import type { KubernetesObject } from '../../api/object-meta.ts';
import type { Resource } from '../../api/resources.ts';
import { isInvalid, isNotFound } from './errors.ts';
import type { CallOptions, Kubernetes } from './kubernetes.ts';

/**
 * The whole status, in one request, under a test of the uid. Undefined when the object is gone or another has taken its
 * name; throws KubernetesError (422 when the schema refuses the status) and Unavailable.
 */
export async function replaceStatus<T extends KubernetesObject>(
  kubernetes: Kubernetes,
  resource: Resource,
  object: KubernetesObject & { readonly status?: object },
  options: CallOptions = {},
): Promise<T | undefined> {
  const { name, namespace, uid } = object.metadata;
  const operations = [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'add', path: '/status', value: object.status },
  ] as const;
  try {
    return await kubernetes.jsonPatch<T>(resource, { namespace, name }, operations, { ...options, subresource: 'status' });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    // A failed test and a refused status are both 422 without a reason of their own: the object tells them apart.
    if (!isInvalid(error)) throw error;
    const current = await kubernetes.get(resource, { namespace, name }, { ...options, metadataOnly: true });
    if (current?.metadata.uid === uid) throw error;
    return undefined;
  }
}
