/** Which changes of a tenant's status are worth an Event. Separate because a status says how things are, an Event that they changed. */
import { ConditionType, findCondition, isTrue } from '../../api/conditions.ts';
import type { StudioTenant, StudioTenantStatus } from '../../api/studio-tenant.ts';
import type { EventRecorder } from '../../runtime/event-recorder.ts';

export function noteTransition(events: EventRecorder, tenant: StudioTenant, status: StudioTenantStatus): void {
  const before = tenant.status?.conditions;
  const ready = findCondition(status.conditions, ConditionType.Ready);
  if (ready?.status === 'True' && !isTrue(before, ConditionType.Ready)) {
    events.record(tenant, { type: 'Normal', reason: 'Ready', message: ready.message });
  }
  if (ready?.status === 'False' && isTrue(before, ConditionType.Ready)) {
    events.record(tenant, { type: 'Warning', reason: ready.reason, message: ready.message });
  }
  const stalled = findCondition(status.conditions, ConditionType.Stalled);
  const wasStalled = findCondition(before, ConditionType.Stalled);
  if (stalled?.status === 'True' && (wasStalled?.status !== 'True' || wasStalled.reason !== stalled.reason)) {
    events.record(tenant, { type: 'Warning', reason: stalled.reason, message: stalled.message });
  }
}
