/**
 * Which release a tenant should be at, and which releases may go on. Pure, from the releases and the migration Jobs alone,
 * so that a new leader comes to the same answer. Separate from the step: a release's own status is made of it too.
 */
import { ANNOTATION, annotationOf } from '../api/annotations.ts';
import type { SchemaRelease } from '../api/schema-release.ts';
import type { StudioTenant } from '../api/studio-tenant.ts';
import { retryOf } from './migration-attempt.ts';
import { byAge, type MigrationRun } from './migration-run.ts';

/** `duplicate`: an older release has the same version; this one is ignored. */
export type ReleaseState = 'open' | 'paused' | 'halted' | 'duplicate';

export interface ReleaseProgress {
  readonly release: SchemaRelease;
  readonly state: ReleaseState;
  /** namespace/name of the tenants whose newest migration to this release has failed for good, sorted. */
  readonly failedTenants: readonly string[];
}

export interface Rollout {
  /** Highest version first; duplicates too. */
  readonly releases: readonly ReleaseProgress[];
}

/** What a tenant is to be brought to. */
export type Target =
  /** There is no SchemaRelease at all. */
  | { readonly kind: 'none' }
  /** The tenant is pinned to a release that does not exist, or is ignored. */
  | { readonly kind: 'notFound'; readonly name: string; readonly duplicate: boolean }
  /** `held`: no migration to it may start now. */
  | { readonly kind: 'release'; readonly release: SchemaRelease; readonly held: 'paused' | 'halted' | undefined; readonly pinned: boolean };

/** What decides a tenant's target, beside the releases. */
export interface TenantPosition {
  /** spec.release. */
  readonly pinnedTo: string | undefined;
  /** The version its schema is at. */
  readonly version: number | undefined;
  /** Its migration Jobs. */
  readonly runs: readonly MigrationRun[];
}

export function rollout(releases: readonly SchemaRelease[], runs: readonly MigrationRun[]): Rollout {
  const present = releases.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const failures = failuresByRelease(runs);
  const progress = present.map((release): ReleaseProgress => {
    const failedTenants = failures.get(release.metadata.uid)?.get(retryOf(release)) ?? [];
    return { release, state: stateOf(release, present, failedTenants.length), failedTenants: failedTenants.toSorted() };
  });
  return { releases: progress.toSorted((a, b) => b.release.spec.version - a.release.spec.version || age(a.release, b.release)) };
}

/**
 * The pinned release, else the newest that is neither paused nor halted. A tenant whose migration to a held release
 * has begun stays with that one: its failure is still its state, and going back is never an answer.
 */
export function targetOf(position: TenantPosition, { releases }: Rollout): Target {
  if (position.pinnedTo !== undefined) return pinnedTarget(position.pinnedTo, releases);
  const eligible = releases.filter(({ state }) => state !== 'duplicate');
  const found = eligible.find(({ release, state }) => state === 'open' || hasBegun(position, release));
  const chosen = found ?? eligible[0];
  if (chosen === undefined) return { kind: 'none' };
  return { kind: 'release', release: chosen.release, held: heldBy(chosen.state), pinned: false };
}

function pinnedTarget(name: string, releases: readonly ReleaseProgress[]): Target {
  const found = releases.find(({ release }) => release.metadata.name === name);
  if (found === undefined) return { kind: 'notFound', name, duplicate: false };
  if (found.state === 'duplicate') return { kind: 'notFound', name, duplicate: true };
  return { kind: 'release', release: found.release, held: heldBy(found.state), pinned: true };
}

function heldBy(state: ReleaseState): 'paused' | 'halted' | undefined {
  return state === 'paused' || state === 'halted' ? state : undefined;
}

function hasBegun({ version, runs }: TenantPosition, release: SchemaRelease): boolean {
  return release.spec.version > (version ?? 0) && runs.some((run) => run.release.uid === release.metadata.uid);
}

function stateOf(release: SchemaRelease, all: readonly SchemaRelease[], failures: number): ReleaseState {
  const elder = all.some((other) => other.spec.version === release.spec.version && age(other, release) < 0);
  if (elder) return 'duplicate';
  if (isPaused(release)) return 'paused';
  return failures >= release.spec.maxFailures ? 'halted' : 'open';
}

export function isPaused(release: SchemaRelease): boolean {
  return release.spec.paused || annotationOf(release, ANNOTATION.paused) === 'true';
}

/** Negative when `a` is the elder; uids decide where creation times (whole seconds) do not. */
export function age(a: SchemaRelease, b: SchemaRelease): number {
  const [x, y] = [a.metadata, b.metadata];
  return x.creationTimestamp.localeCompare(y.creationTimestamp) || x.uid.localeCompare(y.uid);
}

/** Release uid -> value of the release's retry annotation -> tenants. A failure counts only for the retry it was made under. */
function failuresByRelease(runs: readonly MigrationRun[]): ReadonlyMap<string, ReadonlyMap<string, string[]>> {
  const failures = new Map<string, Map<string, string[]>>();
  for (const run of newestOfEach(runs)) {
    if (run.phase !== 'failed' || run.outcome?.transient === true) continue;
    const ofRelease = failures.get(run.release.uid) ?? new Map<string, string[]>();
    ofRelease.set(run.releaseRetry, (ofRelease.get(run.releaseRetry) ?? []).concat(run.tenantKey));
    failures.set(run.release.uid, ofRelease);
  }
  return failures;
}

/** The newest run of each tenant to each release. */
export function newestOfEach(runs: readonly MigrationRun[]): readonly MigrationRun[] {
  const newest = new Map<string, MigrationRun>();
  for (const run of runs) {
    const key = `${run.tenantUid}/${run.release.uid}`;
    const known = newest.get(key);
    if (known === undefined || byAge(known, run) < 0) newest.set(key, run);
  }
  return [...newest.values()];
}

/** The tenants whose target may change with this release: those pinned to it, and the unpinned ones that are not ahead of it. */
export function tenantsConcernedBy(release: SchemaRelease, tenants: readonly StudioTenant[]): readonly StudioTenant[] {
  const { version } = release.spec;
  return tenants.filter(({ spec, status }) =>
    spec.release === undefined ? (status?.schema?.version ?? 0) <= version : spec.release === release.metadata.name,
  );
}
