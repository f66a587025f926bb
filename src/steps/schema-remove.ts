/**
 * Takes a tenant's migrations away when it is deleted. Separate from the step: nothing is decided about releases here,
 * and nothing may be needed that a deletion cannot count on.
 */
import { JOB } from '../api/resources.ts';
import { migrationSelector } from '../desired/migration-keys.ts';
import { migrationRun, type Job } from '../desired/migration-run.ts';
import { deleteJob, deleteMigrationSecrets } from './schema-apply.ts';
import { isPodAtWork, migrationPods } from './schema-observe.ts';
import type { TenantWork } from './tenant-work.ts';

/**
 * Jobs, then their pods, then the Secrets they logged in with. The login itself goes with the tenant's roles: nothing here
 * needs the server, which may be gone for good. `waiting`: a pod is still at work; try again soon.
 */
export async function removeMigrationJobs(work: TenantWork): Promise<'gone' | 'waiting'> {
  const { tenant, dependencies } = work;
  const { namespace, name } = tenant.metadata;
  // Past the cache: a Job that was just made must not be missed.
  const jobs = await dependencies.kubernetes.list<Job>(JOB, { namespace, labelSelector: migrationSelector(name) });
  for (const job of jobs.items) {
    const run = migrationRun(job);
    if (run?.tenantUid === tenant.metadata.uid && !run.deleting) await deleteJob(work, run);
  }
  giveBackSlots(work);
  if ((await migrationPods(work)).some(isPodAtWork)) return 'waiting';
  await deleteMigrationSecrets(work);
  return 'gone';
}

/** A Job whose POST was never answered, and which is not there, would hold its slot for as long as this process lives. */
function giveBackSlots({ tenant, dependencies: { migrations } }: TenantWork): void {
  for (const { key } of migrations.runsOf(tenant.metadata.uid)) if (migrations.isUnconfirmed(key)) migrations.forget(key);
}
