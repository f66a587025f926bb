/** Whether a tenant is to be refused connections: by its spec, or by annotation, so that an incident need not fight GitOps. */
import { ANNOTATION, annotationOf } from '../api/annotations.ts';
import type { StudioTenant } from '../api/studio-tenant.ts';

export function isSuspended(tenant: StudioTenant): boolean {
  return tenant.spec.suspended || annotationOf(tenant, ANNOTATION.suspend) !== undefined;
}

/** For people: why. */
export function suspensionReason(tenant: StudioTenant): string {
  return annotationOf(tenant, ANNOTATION.suspend) ?? 'spec.suspended is true';
}
