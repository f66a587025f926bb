/** Which changes of a tenant's status are worth an Event. Separate because a status says how things are, an Event that they changed. */
import { ConditionType, findCondition, isTrue } from '../../api/conditions.ts';
import type { StudioTenant, StudioTenantStatus } from '../../api/studio-tenant.ts';
import type { EventNote, EventRecorder } from '../../runtime/event-recorder.ts';

export function noteTransition(events: EventRecorder, tenant: StudioTenant, status: StudioTenantStatus): void {
  const notes = [readyNote(tenant.status?.conditions, status.conditions), stalledNote(tenant.status?.conditions, status.conditions)];
  for (const note of notes) if (note !== undefined) events.record(tenant, note);
}

type Conditions = StudioTenantStatus['conditions'];

function readyNote(before: Conditions, after: Conditions): EventNote | undefined {
  const ready = findCondition(after, ConditionType.Ready);
  const was = isTrue(before, ConditionType.Ready);
  if (ready?.status === 'True' && !was) return { type: 'Normal', reason: 'Ready', message: ready.message };
  if (ready?.status === 'False' && was) return { type: 'Warning', reason: ready.reason, message: ready.message };
  return undefined;
}

function stalledNote(before: Conditions, after: Conditions): EventNote | undefined {
  const stalled = findCondition(after, ConditionType.Stalled);
  if (stalled?.status !== 'True') return undefined;
  const was = findCondition(before, ConditionType.Stalled);
  if (was?.status === 'True' && was.reason === stalled.reason) return undefined;
  return { type: 'Warning', reason: stalled.reason, message: stalled.message };
}
