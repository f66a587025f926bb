/**
 * Everything the Schema step decides from. Reads only, and no more than the situation needs: pods and events when
 * a pod is slow to start or a login was left behind, the API server past the cache before the first Job is made.
 */
import { EVENT, JOB, POD } from '../api/resources.ts';
import { requestOfKey } from '../runtime/reconciler.ts';
import { attemptKey } from '../desired/migration-attempt.ts';
import { migrationSelector } from '../desired/migration-keys.ts';
import type { Pod } from '../desired/migration-outcome.ts';
import type { Job, MigrationRun } from '../desired/migration-run.ts';
import { startProblem, type ClusterEvent, type StartProblem } from '../desired/migration-start.ts';
import { targetOf, type Target } from '../desired/rollout.ts';
import { isSuspended } from '../desired/suspension.ts';
import { OrganizationStatus, type Organization } from '../master/organization.ts';
import { isAtWork, isSlowToStart, type SchemaObserved } from './schema-decide.ts';
import type { TenantWork } from './tenant-work.ts';

export async function observeSchema(work: TenantWork): Promise<SchemaObserved> {
  const { clock, migrations } = work.dependencies;
  const organization = await work.organization();
  const recorded = recordedSchema(organization);
  const target = await targetPastCache(work, recorded?.version);
  const runs = await confirmedRuns(work);
  const nowMs = clock.now().getTime();
  const suspended = isSuspended(work.tenant);
  const running = runs.find(isAtWork);
  return {
    nowMs,
    recorded,
    target,
    attemptKey: target.kind === 'release' ? attemptKey(work.tenant, target.release) : undefined,
    runs,
    suspended,
    resuming: !suspended && organization.status === OrganizationStatus.Suspended,
    served: organization.firstReadyAt !== null,
    server: organization.serverName,
    slots: migrations.slots(organization.serverName),
    refused: migrations.refusalOf(work.tenant.metadata.uid, nowMs),
    leftover: running === undefined ? await leftover(work) : undefined,
    problem: running !== undefined && isSlowToStart(running, nowMs) ? await problemOf(work, running) : undefined,
  };
}

export function recordedSchema({ schemaRelease, schemaVersion }: Organization): SchemaObserved['recorded'] {
  return schemaVersion === null ? undefined : { release: schemaRelease ?? '', version: schemaVersion };
}

/** Where a migration may be due, all Jobs of a former leader must be known first. */
async function targetPastCache(work: TenantWork, version: number | undefined): Promise<Target> {
  const { migrations } = work.dependencies;
  const target = currentTarget(work, version);
  if (target.kind !== 'release' || target.release.spec.version <= (version ?? 0)) return target;
  await migrations.adopt();
  return currentTarget(work, version);
}

function currentTarget({ tenant, dependencies: { migrations } }: TenantWork, version: number | undefined): Target {
  return targetOf({ pinnedTo: tenant.spec.release, version, runs: migrations.runsOf(tenant.metadata.uid) }, migrations.rollout());
}

/** A Job that only our own memory knows is read by name: its creation may have failed after all, or it was deleted since. */
async function confirmedRuns({ tenant, dependencies }: TenantWork): Promise<readonly MigrationRun[]> {
  const { migrations, kubernetes } = dependencies;
  for (const { key } of migrations.runsOf(tenant.metadata.uid)) {
    if (migrations.isUnconfirmed(key)) migrations.saw(key, await kubernetes.get<Job>(JOB, requestOfKey(key)));
  }
  return migrations.runsOf(tenant.metadata.uid);
}

async function leftover(work: TenantWork): Promise<SchemaObserved['leftover']> {
  const { roles } = await work.facts();
  if (roles.migrator === undefined) return undefined;
  const pods = await migrationPods(work);
  return { workingPods: pods.filter(isPodAtWork).length };
}

/** The pods of all migrations of the tenant. */
export async function migrationPods({ tenant, dependencies: { kubernetes } }: TenantWork): Promise<readonly Pod[]> {
  const { namespace, name } = tenant.metadata;
  const { items } = await kubernetes.list<Pod>(POD, { namespace, labelSelector: migrationSelector(name) });
  return items;
}

export function isPodAtWork({ status }: Pod): boolean {
  return status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

/** The pods of one Job. */
export async function podsOf({ tenant, dependencies: { kubernetes } }: TenantWork, run: MigrationRun): Promise<readonly Pod[]> {
  const labelSelector = `batch.kubernetes.io/job-name=${run.name}`;
  const { items } = await kubernetes.list<Pod>(POD, { namespace: tenant.metadata.namespace, labelSelector });
  return items;
}

async function problemOf(work: TenantWork, run: MigrationRun): Promise<StartProblem | undefined> {
  const pods = await podsOf(work, run);
  const { kubernetes } = work.dependencies;
  const fieldSelector = `involvedObject.uid=${run.uid}`;
  const selection = { namespace: work.tenant.metadata.namespace, fieldSelector };
  const events = pods.some(isPodAtWork) ? [] : (await kubernetes.list<ClusterEvent>(EVENT, selection)).items;
  return startProblem(pods, events);
}
