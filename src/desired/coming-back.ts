/**
 * A tenant without a row of its own may still have one: kept from before (Retain), left by an object that is gone
 * (a restored cluster, a finalizer removed by hand), or asked for by annotation. Which of them is taken
 * up is decided here; pure, and separate from the step, because it is the part that could hand somebody the wrong data.
 */
import { ANNOTATION, annotationOf } from '../api/annotations.ts';
import type { StudioTenant } from '../api/studio-tenant.ts';
import type { GatheredOrganization, Organization } from '../master/organization.ts';
import { claimsOf } from './claims.ts';

export type ComingBack =
  | { readonly kind: 'adopt'; readonly organization: Organization }
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string };

/**
 * Pure. Undefined when there is nothing to come back to.
 * @param isAlive whether a StudioTenant with this uid still exists in the cluster
 */
export function comingBack(
  tenant: StudioTenant,
  gathered: GatheredOrganization,
  isAlive: (uid: string) => boolean,
): ComingBack | undefined {
  const asked = annotationOf(tenant, ANNOTATION.adoptOrganization);
  if (asked !== undefined) return adoptRequested(tenant, asked, gathered, isAlive);
  const { predecessor } = gathered;
  if (predecessor === undefined) return undefined;
  if (isAlive(predecessor.uid)) return undefined;
  if (predecessor.status === 'retained' && predecessor.subdomain !== claimsOf(tenant).subdomain) {
    return retainedExists(tenant, predecessor);
  }
  return { kind: 'adopt', organization: predecessor };
}

/**
 * Only within a namespace: who may write tenants in one must not come to the data of another. An object that is being
 * deleted exists still: what it will have left when it is gone is not known before.
 */
function adoptRequested(
  tenant: StudioTenant,
  asked: string,
  { requested, predecessor }: GatheredOrganization,
  isAlive: (uid: string) => boolean,
): ComingBack {
  if (requested === undefined || requested.namespace !== tenant.metadata.namespace) {
    return refused(
      'OrganizationNotFound',
      `There is no organization ${asked} to adopt in this namespace. Correct or remove the annotation ${ANNOTATION.adoptOrganization}.`,
    );
  }
  if (isAlive(requested.uid)) {
    return refused(
      'OrganizationInUse',
      `Organization ${asked} belongs to a StudioTenant that exists. Delete that one first (deletionPolicy Retain), or remove the annotation ${ANNOTATION.adoptOrganization}.`,
    );
  }
  if (predecessor !== undefined && predecessor.id !== requested.id) return nameKept(tenant, predecessor);
  return { kind: 'adopt', organization: requested };
}

/** One name has one organization: adopting another would leave the kept one without a way back. */
function nameKept(tenant: StudioTenant, kept: Organization): ComingBack {
  return refused(
    'RetainedExists',
    `Organization ${kept.id} with its data belongs to the name ${tenant.metadata.name}, so that no other can be adopted under it. ` +
      `Choose another metadata.name for the adoption, or correct the annotation ${ANNOTATION.adoptOrganization}.`,
  );
}

function retainedExists(tenant: StudioTenant, retained: Organization): ComingBack {
  return refused(
    'RetainedExists',
    `Organization ${retained.id} with its data was kept when an earlier ${tenant.metadata.name} with another subdomain was deleted. ` +
      `To take it up under the new subdomain, set the annotation ${ANNOTATION.adoptOrganization}: "${retained.id}". ` +
      `To start empty, choose another metadata.name; to erase the kept one, apply it with its old subdomain, deletionPolicy Delete and the confirmation, and delete it.`,
  );
}

function refused(reason: string, message: string): ComingBack {
  return { kind: 'refused', reason, message };
}
