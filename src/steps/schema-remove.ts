/**
 * Takes a tenant's migrations away when it is deleted. Separate from the step: nothing is decided about releases here,
 * and nothing may be needed that a deletion cannot count on.
 */
import { JOB } from '../api/resources.ts';
import { migrationSelector } from '../desired/migration-keys.ts';
import { migrationRun, type Job } from '../desired/migration-run.ts';
import { deleteJob, deleteMigrationSecrets, removeMigrationLogin } from './schema-apply.ts';
import { isPodAtWork, migrationPods } from './schema-observe.ts';
import type { TenantWork } from './tenant-work.ts';

/**
 * Jobs, then their pods, then what they logged in with: a role must not go while a pod could still use it.
 * `waiting`: a pod is still at work; try again soon. Throws Unavailable and ServerNotReady.
 */
export async function removeMigration(work: TenantWork): Promise<'gone' | 'waiting'> {
  if ((await removeMigrationJobs(work)) === 'waiting') return 'waiting';
  const { organization } = await work.gathered();
  if (organization === undefined) return 'gone';
  const { roles } = await work.facts();
  // One that is pinned by somebody's grants has lost its login and goes with the tenant's other roles.
  if (roles.migrator !== undefined) await removeMigrationLogin(work);
  return 'gone';
}

/** What of it is in Kubernetes: all that can be done where the server is gone for good. */
export async function removeMigrationJobs(work: TenantWork): Promise<'gone' | 'waiting'> {
  const { tenant, dependencies } = work;
  const { namespace, name } = tenant.metadata;
  // Past the cache: a Job that was just made must not be missed.
  const jobs = await dependencies.kubernetes.list<Job>(JOB, { namespace, labelSelector: migrationSelector(name) });
  for (const job of jobs.items) {
    const run = migrationRun(job);
    if (run?.tenantUid === tenant.metadata.uid && !run.deleting) await deleteJob(work, run);
  }
  if ((await migrationPods(work)).some(isPodAtWork)) return 'waiting';
  await deleteMigrationSecrets(work);
  return 'gone';
}
