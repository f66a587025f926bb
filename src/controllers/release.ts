/**
 * The SchemaRelease reconciler: it counts and tells. Migrations are started by the tenants' own reconciles, which come
 * to the same view of the rollout; so nothing depends on this controller being up to date.
 */
import { isDeepStrictEqual } from 'node:util';

import { keyOf } from '../api/object-meta.ts';
import { SCHEMA_RELEASE } from '../api/resources.ts';
import type { SchemaRelease, SchemaReleaseStatus } from '../api/schema-release.ts';
import type { StudioTenant } from '../api/studio-tenant.ts';
import { migrationRun } from '../desired/migration-run.ts';
import { isHeldBack, releaseStatus } from '../desired/release-status.ts';
import { tenantsConcernedBy } from '../desired/rollout.ts';
import { timestamp } from '../runtime/clock.ts';
import { keyOfRequest, type Reconciler } from '../runtime/reconciler.ts';
import type { Caches, TenantDependencies } from '../steps/tenant-work.ts';
import { concernsController, type Enqueue } from './tenant/triggers.ts';
import { writeStatus } from './write-status.ts';

export function releaseReconciler(dependencies: TenantDependencies): Reconciler {
  const { caches, migrations, kubernetes, clock } = dependencies;
  return async (request) => {
    const rollout = migrations.rollout();
    const progress = rollout.releases.find(({ release }) => keyOf(release) === keyOfRequest(request));
    if (progress === undefined) return {};
    const status = releaseStatus({
      progress,
      rollout,
      tenants: caches.tenants.list(),
      runsOf: (uid) => migrations.runsOf(uid),
      now: timestamp(clock),
    });
    const written = await writeStatus(kubernetes, SCHEMA_RELEASE, progress.release, status);
    if (written !== undefined) tell(dependencies, progress.release, status);
    return {};
  };
}

function tell({ events }: TenantDependencies, release: SchemaRelease, { halted, conditions }: SchemaReleaseStatus): void {
  if (halted !== true || release.status?.halted === true) return;
  const message = conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
  events.record(release, { type: 'Warning', reason: 'RolloutHalted', message });
}

export interface ReleaseQueues {
  readonly enqueueTenant: Enqueue;
  /** Soon, and once for all that happens until then. */
  readonly enqueueRelease: (key: string) => void;
}

/** What wakes releases, and the tenants that a release concerns. */
export function watchReleases(caches: Caches, { enqueueTenant, enqueueRelease }: ReleaseQueues): void {
  const enqueueAll = (): void => {
    for (const release of caches.releases.list()) enqueueRelease(keyOf(release));
  };
  enqueueAll();
  caches.releases.onChange((_key, before, after) => {
    if (!changesRollout(before, after)) return;
    // One release decides about another: duplicates, and who is the newest.
    enqueueAll();
    for (const release of [before, after]) {
      if (release === undefined) continue;
      for (const tenant of tenantsConcernedBy(release, caches.tenants.list())) enqueueTenant(keyOf(tenant), 'resync');
    }
  });
  caches.tenants.onChange((_key, before, after) => {
    if (!isDeepStrictEqual(positionOf(before), positionOf(after))) enqueueAll();
  });
  caches.jobs.onChange((_key, before, after) => {
    const job = after ?? before;
    const run = job === undefined ? undefined : migrationRun(job);
    if (run !== undefined) enqueueRelease(run.release.name);
  });
}

/** Halting is the one thing in a release's own status that others act on: those who wait turn to the last good release. */
function changesRollout(before: SchemaRelease | undefined, after: SchemaRelease | undefined): boolean {
  if (after === undefined || concernsController(before, after)) return true;
  return before?.status?.halted !== after.status?.halted;
}

function positionOf(tenant: StudioTenant | undefined): unknown {
  if (tenant === undefined) return undefined;
  const { release, version } = tenant.status?.schema ?? {};
  return [tenant.spec.release, release, version, tenant.metadata.deletionTimestamp, isHeldBack(tenant)];
}
