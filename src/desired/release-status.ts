/**
 * What a SchemaRelease's status says: how far it has come over all tenants. Pure, from the tenants' statuses and the
 * migration Jobs. Separate from rollout.ts, which decides; this only counts and tells.
 */
import { ANNOTATION, annotationOf } from '../api/annotations.ts';
import { type Condition, type ConditionStatus, ConditionType, isTrue, setCondition } from '../api/conditions.ts';
import { keyOf } from '../api/object-meta.ts';
import type { SchemaRelease, SchemaReleaseStatus } from '../api/schema-release.ts';
import type { StudioTenant } from '../api/studio-tenant.ts';
import type { MigrationRun } from './migration-run.ts';
import { type ReleaseProgress, type Rollout, targetOf, type TenantPosition } from './rollout.ts';
import { isSuspended } from './suspension.ts';

export interface ReleaseStatusInput {
  readonly progress: ReleaseProgress;
  readonly rollout: Rollout;
  readonly tenants: readonly StudioTenant[];
  readonly runsOf: (tenantUid: string) => readonly MigrationRun[];
  /** RFC 3339. */
  readonly now: string;
}

type Stage = 'pending' | 'running' | 'done' | 'failed';
type Counts = Readonly<Record<Stage, number>>;

/**
 * Whether a release waits for a tenant, or a person does: a suspended one gets it when it is resumed, one that cannot be served when it
 * is mended. Neither keeps a release from being rolled out, or tools that wait for it would wait for ever.
 */
export function isHeldBack(tenant: StudioTenant): boolean {
  const { conditions } = tenant.status ?? {};
  return isSuspended(tenant) || (isTrue(conditions, ConditionType.Stalled) && !isTrue(conditions, ConditionType.Ready));
}

/** More names than this tell nobody more. */
const MAX_NAMES = 20;

export function releaseStatus(input: ReleaseStatusInput): SchemaReleaseStatus {
  const { release, state, failedTenants } = input.progress;
  const { heldBack, ...counts } = count(input);
  const statement = statementOf(input.progress, counts, heldBack);
  const retry = annotationOf(release, ANNOTATION.retry) ?? release.status?.handled?.retry;
  return {
    observedGeneration: release.metadata.generation,
    ...counts,
    failedTenants: failedTenants.slice(0, MAX_NAMES),
    halted: state === 'halted',
    ...(retry === undefined ? {} : { handled: { retry } }),
    conditions: conditionsOf(release, statement, input.now),
  };
}

/** `heldBack` are some of those pending. */
function count(input: ReleaseStatusInput): Counts & { readonly heldBack: number } {
  const { state, failedTenants } = input.progress;
  const counts = { pending: 0, running: 0, done: 0, failed: 0, heldBack: 0 };
  if (state === 'duplicate') return counts;
  const asked = { ...input, rollout: asIfOpen(input.rollout, input.progress), failed: new Set(failedTenants) };
  for (const tenant of input.tenants) {
    const stage = stageOf(tenant, asked);
    if (stage !== undefined) counts[stage] += 1;
    if (stage === 'pending' && isHeldBack(tenant)) counts.heldBack += 1;
  }
  // What halts a release and what its status says must be one number.
  return { ...counts, failed: failedTenants.length };
}

/** A paused or halted release still counts those who wait for it. */
function asIfOpen({ releases }: Rollout, progress: ReleaseProgress): Rollout {
  return { releases: releases.map((each) => (each.release === progress.release ? { ...progress, state: 'open' } : each)) };
}

/** Undefined: the tenant has nothing to do with this release. */
function stageOf(tenant: StudioTenant, input: ReleaseStatusInput & { readonly failed: ReadonlySet<string> }): Stage | undefined {
  const { release } = input.progress;
  const { schema } = tenant.status ?? {};
  if (tenant.metadata.deletionTimestamp !== undefined) return undefined;
  if (schema?.release === release.metadata.name && schema.version === release.spec.version) return 'done';
  const runs = input.runsOf(tenant.metadata.uid);
  if (runs.some((run) => run.phase === 'running' && run.release.uid === release.metadata.uid)) return 'running';
  if (input.failed.has(keyOf(tenant))) return 'failed';
  return isWanted({ pinnedTo: tenant.spec.release, version: schema?.version, runs }, input) ? 'pending' : undefined;
}

function isWanted(position: TenantPosition, { rollout, progress: { release } }: ReleaseStatusInput): boolean {
  const target = targetOf(position, rollout);
  const isTarget = target.kind === 'release' && target.release.metadata.uid === release.metadata.uid;
  return isTarget && (position.version ?? 0) < release.spec.version;
}

interface Statement {
  readonly holds: 'Ready' | 'Reconciling' | 'Stalled';
  readonly reason: string;
  readonly message: string;
}

function statementOf({ release, state, failedTenants }: ReleaseProgress, counts: Counts, heldBack: number): Statement {
  const left = `${tenants(counts.pending)} to go, ${tenants(counts.running)} under way`;
  const failed = counts.failed === 0 ? '' : ` Failed: ${named(failedTenants)}.`;
  const again = `Mend the cause, then give the annotation ${ANNOTATION.retry} of this release a new value.`;
  if (state === 'duplicate') {
    const message = `An older SchemaRelease has version ${release.spec.version} too; this one is ignored. Make another with a version of its own.`;
    return { holds: 'Stalled', reason: 'DuplicateVersion', message };
  }
  if (state === 'halted')
    return {
      holds: 'Stalled',
      reason: 'RolloutHalted',
      message: `Halted after ${tenants(counts.failed)} failed; ${left}.${failed} ${again}`,
    };
  if (state === 'paused' && counts.pending > 0) return { holds: 'Stalled', reason: 'Paused', message: `Paused; ${left}.${failed}` };
  if (counts.pending - heldBack + counts.running > 0)
    return { holds: 'Reconciling', reason: 'RollingOut', message: `Rolling out: ${left}.${failed}` };
  if (counts.failed > 0) return { holds: 'Stalled', reason: 'TenantsFailed', message: `${failed.trim()} ${again}` };
  const later = heldBack === 0 ? '' : ` Later: ${tenants(heldBack)}, suspended or in need of a person.`;
  return { holds: 'Ready', reason: 'RolledOut', message: `${tenants(counts.done)} at this release, none left to bring here.${later}` };
}

/** All three are always there; exactly one is True. */
function conditionsOf(release: SchemaRelease, { holds, reason, message }: Statement, now: string): readonly Condition[] {
  const observedGeneration = release.metadata.generation;
  const types = [ConditionType.Ready, ConditionType.Reconciling, ConditionType.Stalled] as const;
  return types.reduce<readonly Condition[]>((conditions, type) => {
    const status: ConditionStatus = type === holds ? 'True' : 'False';
    return setCondition(conditions, { type, status, reason, message, observedGeneration }, now);
  }, release.status?.conditions ?? []);
}

function tenants(number: number): string {
  return number === 1 ? '1 tenant' : `${number} tenants`;
}

function named(keys: readonly string[]): string {
  const more = keys.length - MAX_NAMES;
  return more > 0 ? `${keys.slice(0, MAX_NAMES).join(', ')} and ${more} more` : keys.join(', ');
}
