/**
 * Writing a status: only when it differs, by server-side apply, and never onto another object of the same name.
 * Separate because all controllers report alike.
 */
import { isDeepStrictEqual } from 'node:util';

import type { KubernetesObject } from '../api/object-meta.ts';
import type { Resource } from '../api/resources.ts';
import { isConflict, isNotFound } from '../clients/kubernetes/errors.ts';
import type { Kubernetes } from '../clients/kubernetes/kubernetes.ts';

interface WithStatus extends KubernetesObject {
  readonly status?: object;
}

/**
 * The uid in the applied object makes the API server refuse to create one, or to write onto a successor; an object that
 * is gone needs no status. Returns whether something was written. Throws KubernetesError and Unavailable.
 */
export async function writeStatus(kubernetes: Kubernetes, resource: Resource, object: WithStatus, status: object): Promise<boolean> {
  if (isDeepStrictEqual(plain(object.status), plain(status))) return false;
  const { name, namespace, uid } = object.metadata;
  const metadata = { name, uid, ...(namespace === undefined ? {} : { namespace }) };
  try {
    await kubernetes.apply(resource, { metadata, status } as never, { subresource: 'status' });
    return true;
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return false;
    throw error;
  }
}

/** As it travels: without undefined fields. */
function plain(status: object | undefined): unknown {
  return status === undefined ? undefined : JSON.parse(JSON.stringify(status));
}
