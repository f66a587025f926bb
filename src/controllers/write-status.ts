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
 * An object that is gone, or that another has succeeded, needs no status. Returns whether something was written. Throws
 * KubernetesError and Unavailable.
 */
export async function writeStatus(kubernetes: Kubernetes, resource: Resource, object: WithStatus, status: object): Promise<boolean> {
  if (isDeepStrictEqual(plain(object.status), plain(status))) return false;
  return (await replaceStatus(kubernetes, resource, { ...object, status })) !== undefined;
}

/** As it travels: without undefined fields. */
function plain(status: object | undefined): unknown {
  return status === undefined ? undefined : JSON.parse(JSON.stringify(status));
}
