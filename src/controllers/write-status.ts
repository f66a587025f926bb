/**
 * Writing a status: only when it differs, and never onto another object of the same name.
 * Separate because all controllers report alike.
 */
import { isDeepStrictEqual } from 'node:util';

import type { KubernetesObject } from '../api/object-meta.ts';
import type { Resource } from '../api/resources.ts';
import type { Kubernetes } from '../clients/kubernetes/kubernetes.ts';
import { replaceStatus } from '../clients/kubernetes/replace-status.ts';

interface WithStatus extends KubernetesObject {
  readonly status?: object;
}

/**
 * An object that is gone, or that another has succeeded, needs no status. Returns the object as it was written; undefined
 * where nothing was. Throws KubernetesError and Unavailable.
 */
export async function writeStatus<T extends WithStatus>(
  kubernetes: Kubernetes,
  resource: Resource,
  object: T,
  status: object,
): Promise<T | undefined> {
  if (isDeepStrictEqual(plain(object.status), plain(status))) return undefined;
  return replaceStatus<T>(kubernetes, resource, { ...object, status });
}

/** As it travels: without undefined fields. */
function plain(status: object | undefined): unknown {
  return status === undefined ? undefined : JSON.parse(JSON.stringify(status));
}
