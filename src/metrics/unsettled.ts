/**
 * What keeps a tenant from being as asked, in the few words that fit into labels: for whom, how badly, why, since when.
 * Pure; separate from the series made of it, because "since" is a decision: conditions keep it, so that neither a restart of
 * the operator nor one of Prometheus makes an old problem young.
 */
import { type Condition, ConditionType, findCondition, isTrue } from '../api/conditions.ts';
import { Phase } from '../api/studio-tenant-status.ts';
import type { StudioTenant } from '../api/studio-tenant.ts';

export interface Unsettled {
  readonly phase: Phase;
  /** It is being served, or suspended as asked. */
  readonly isReady: boolean;
  /** It needs a person. */
  readonly isStalled: boolean;
  /** The first condition of a step that is not True; empty where all are. */
  readonly step: string;
  /** As in the condition that says most; docs/runbook.md explains each. */
  readonly reason: string;
  /** Unix time, seconds. */
  readonly since: number;
}

/** In the order of the steps. */
const STEPS = [
  ConditionType.Registered,
  ConditionType.CredentialsReady,
  ConditionType.DatabaseReady,
  ConditionType.SchemaReady,
  ConditionType.SubscriptionReady,
  ConditionType.Routed,
] as const;

/** What is said of a tenant that nobody has looked at yet. */
const UNSEEN = 'Waiting';

/** Undefined for a tenant that is as asked: Ready, with nothing under way and nothing that needs a person. */
export function unsettledOf(tenant: StudioTenant): Unsettled | undefined {
  const conditions = tenant.status?.conditions ?? [];
  const telling = tellingCondition(conditions);
  const isSeen = conditions.length > 0;
  if (isSeen && telling === undefined && !isBeingDeleted(tenant)) return undefined;
  return {
    phase: phaseOf(tenant),
    isReady: isTrue(conditions, ConditionType.Ready),
    isStalled: isTrue(conditions, ConditionType.Stalled),
    step: stepOf(conditions),
    reason: telling?.reason ?? UNSEEN,
    since: secondsOf(tenant.metadata.deletionTimestamp ?? sinceOf(conditions, telling) ?? tenant.metadata.creationTimestamp),
  };
}

function phaseOf(tenant: StudioTenant): Phase {
  return isBeingDeleted(tenant) ? Phase.Deleting : (tenant.status?.phase ?? Phase.Pending);
}

function isBeingDeleted({ metadata }: StudioTenant): boolean {
  return metadata.deletionTimestamp !== undefined;
}

function stepOf(conditions: readonly Condition[]): string {
  return STEPS.find((type) => findCondition(conditions, type) !== undefined && !isTrue(conditions, type)) ?? '';
}

/** The one whose reason says why: what needs a person before what is being tried. */
function tellingCondition(conditions: readonly Condition[]): Condition | undefined {
  const holding = [ConditionType.Stalled, ConditionType.Reconciling].find((type) => isTrue(conditions, type));
  if (holding !== undefined) return findCondition(conditions, holding);
  const ready = findCondition(conditions, ConditionType.Ready);
  return ready?.status === 'True' ? undefined : ready;
}

/** A tenant that is not served counts from when that began, whatever has been tried meanwhile. */
function sinceOf(conditions: readonly Condition[], telling: Condition | undefined): string | undefined {
  const ready = findCondition(conditions, ConditionType.Ready);
  return ready === undefined || ready.status === 'True' ? telling?.lastTransitionTime : ready.lastTransitionTime;
}

function secondsOf(timestamp: string): number {
  return Math.floor(Date.parse(timestamp) / 1000);
}
