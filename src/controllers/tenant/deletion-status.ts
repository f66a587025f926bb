/** The status of a tenant that is being deleted: what it waits for, with its earlier facts kept. Pure. */
import { type Condition, ConditionType, setCondition } from '../../api/conditions.ts';
import type { StudioTenant, StudioTenantStatus } from '../../api/studio-tenant.ts';
import { deletingSituation } from './situation.ts';

/** @param now RFC 3339 */
export function deletionStatus(
  tenant: StudioTenant,
  { reason, message }: { readonly reason: string; readonly message: string },
  now: string,
): StudioTenantStatus {
  const { phase, ready, reconciling, stalled } = deletingSituation(reason, message);
  const observedGeneration = tenant.metadata.generation;
  const conditions = [
    [ConditionType.Ready, ready],
    [ConditionType.Reconciling, reconciling],
    [ConditionType.Stalled, stalled],
  ] as const;
  return {
    ...tenant.status,
    observedGeneration,
    phase,
    conditions: conditions.reduce<readonly Condition[]>(
      (sum, [type, statement]) => setCondition(sum, { type, ...statement, observedGeneration }, now),
      tenant.status?.conditions ?? [],
    ),
  };
}
