/**
 * What deleting a tenant means for its data: pure, and separate from doing it, because this is the decision that
 * cannot be taken back.
 */
import { ANNOTATION, annotationOf } from '../api/annotations.ts';
import { DeletionPolicy, type StudioTenant } from '../api/studio-tenant.ts';

export interface DeletionPlan {
  readonly policy: DeletionPolicy;
  /** Why a policy of Delete acts like Retain; undefined where nothing was overruled. */
  readonly overruled: { readonly reason: string; readonly message: string } | undefined;
}

/**
 * Delete needs the policy, the confirmation with the tenant's own name, and a kind that is there to stay: removing the
 * CRD deletes every tenant without asking anybody.
 */
export function deletionPlan(tenant: StudioTenant, isKindBeingDeleted: boolean): DeletionPlan {
  const retain = (reason: string, message: string): DeletionPlan => ({ policy: DeletionPolicy.Retain, overruled: { reason, message } });
  if (tenant.spec.deletionPolicy !== DeletionPolicy.Delete) return { policy: DeletionPolicy.Retain, overruled: undefined };
  if (isKindBeingDeleted) {
    return retain(
      'KindBeingDeleted',
      'The StudioTenant kind itself is being deleted, so the database is kept although deletionPolicy is Delete.',
    );
  }
  const confirmation = annotationOf(tenant, ANNOTATION.confirmDeletion);
  if (confirmation !== tenant.metadata.name) {
    const said = confirmation === undefined ? 'is missing' : 'does not carry this name';
    return retain(
      'DeletionNotConfirmed',
      `The database is kept although deletionPolicy is Delete: the annotation ${ANNOTATION.confirmDeletion}: "${tenant.metadata.name}" ${said}.`,
    );
  }
  return { policy: DeletionPolicy.Delete, overruled: undefined };
}

/** Whether the user has given up this database together with its server. */
export function isAbandoned(tenant: StudioTenant, databaseName: string): boolean {
  return annotationOf(tenant, ANNOTATION.abandonDatabase) === databaseName;
}
