// What people have asked of a tenant, and what of it the operator has not acted on. Pure. Separate because annotations do not move the
// object's generation, so that a status can be of the newest spec and still know nothing of them: advice, reports and doctor all ask.
import { ANNOTATION } from '../../api/annotations.ts';
import { isTrue, type Tenant } from '../kubernetes/objects.ts';

export interface Suspension {
  readonly by: 'annotation' | 'spec';
  readonly reason: string | null;
}

/** spec.suspended holds although the annotation goes, so it is named first. */
export function suspensionOf({ metadata, spec }: Tenant): Suspension | null {
  const reason = metadata.annotations?.[ANNOTATION.suspend];
  if (spec.suspended === true) return { by: 'spec', reason: reason ?? null };
  return reason === undefined ? null : { by: 'annotation', reason };
}

export function isPaused({ metadata }: Pick<Tenant, 'metadata'>): boolean {
  return metadata.annotations?.[ANNOTATION.paused] === 'true';
}

/** Asked for, and not acted on; a paused object is not expected to be. */
export function hasOpenRetry(tenant: Tenant): boolean {
  const retry = tenant.metadata.annotations?.[ANNOTATION.retry];
  return retry !== undefined && tenant.status?.handled?.retry !== retry && !isPaused(tenant);
}

/**
 * The sentence for a deletion, suspension or resumption that the status shows nothing of; undefined as well where a condition says what
 * it waits for.
 */
export function openRequest(tenant: Tenant): string | undefined {
  const phase = tenant.status?.phase;
  if (phase === undefined || phase === 'Deleting') return undefined;
  if (tenant.metadata.deletionTimestamp !== undefined) return 'A deletion is asked for and not acted on.';
  return openChange(tenant, phase === 'Suspended');
}

function openChange(tenant: Tenant, isSuspended: boolean): string | undefined {
  const isExplained = isTrue(tenant, 'Stalled') || isTrue(tenant, 'Reconciling') || !isTrue(tenant, 'Ready');
  const isWanted = suspensionOf(tenant) !== null;
  if (isExplained || isWanted === isSuspended) return undefined;
  if (isWanted) return 'A suspension is asked for and not acted on: connections are still taken.';
  return 'A resumption is asked for and not acted on: connections are still refused.';
}
