/**
 * The reference that ties an object in the tenant's namespace to its tenant, so that the garbage collector takes it along.
 * Separate because every builder needs it. Only for namespaced objects: nothing in PostgreSQL is ever collected this way.
 */
import { API_VERSION } from '../api/group.ts';
import type { KubernetesObject, OwnerReference } from '../api/object-meta.ts';
import { STUDIO_TENANT } from '../api/resources.ts';
import type { StudioTenant } from '../api/studio-tenant.ts';

/**
 * `blockOwnerDeletion` is off: with a foreground deletion it would hold the tenant until the object is gone,
 * and needs a right on the tenant's finalizers that nothing else here needs.
 */
export function ownedBy(tenant: StudioTenant): OwnerReference {
  return {
    apiVersion: API_VERSION,
    kind: STUDIO_TENANT.kind,
    name: tenant.metadata.name,
    uid: tenant.metadata.uid,
    controller: true,
    blockOwnerDeletion: false,
  };
}

export function isOwnedBy(object: KubernetesObject, tenant: StudioTenant): boolean {
  return (object.metadata.ownerReferences ?? []).some((owner) => owner.uid === tenant.metadata.uid);
}

/** Owned by an earlier object of the tenant's name: it was deleted and made again, and the collector has not come by yet. */
export function isOwnedByPredecessor(object: KubernetesObject, tenant: StudioTenant): boolean {
  const owner = (object.metadata.ownerReferences ?? []).find((reference) => reference.controller === true);
  return (
    owner !== undefined &&
    owner.kind === STUDIO_TENANT.kind &&
    owner.apiVersion === API_VERSION &&
    owner.name === tenant.metadata.name &&
    owner.uid !== tenant.metadata.uid
  );
}
