/**
 * What the Schema step does to the world: one function per kind of change, each safe to repeat. Separate from deciding.
 */
import { migrationSecretName } from '../api/names.ts';
import type { KubernetesObject } from '../api/object-meta.ts';
import { JOB, SECRET } from '../api/resources.ts';
import type { ConnectionSecret } from '../desired/connection-secret.ts';
import { JOB_ANNOTATION, migrationSelector } from '../desired/migration-keys.ts';
import { migrationOutcome, type MigrationOutcome } from '../desired/migration-outcome.ts';
import type { Job, MigrationRun } from '../desired/migration-run.ts';
import { recordSchema } from '../master/organizations.ts';
import { requestOfKey } from '../runtime/reconciler.ts';
import { removeMigrator, type RemoveMigratorOutcome } from '../servers/migrator.ts';
import type { SchemaChange } from './schema-decide.ts';
import { podsOf } from './schema-observe.ts';
import { startMigration } from './schema-start.ts';
import type { TenantWork } from './tenant-work.ts';

export async function applySchema(work: TenantWork, change: SchemaChange): Promise<void> {
  if (change.kind === 'record') return record(work, change.run);
  if (change.kind === 'prune') return prune(work, change.runs);
  if (change.kind === 'explain') return explain(work, change.run);
  if (change.kind === 'clean') return clean(work);
  return startMigration(work, change);
}

async function record(work: TenantWork, { release }: MigrationRun): Promise<void> {
  const organization = await work.organization();
  work.organizationIs(await recordSchema(work.queryMaster, organization, { release: release.name, version: release.version }));
  work.note('Normal', 'Migrated', `The schema is at ${release.name} (version ${release.version})`);
}

async function prune(work: TenantWork, runs: readonly MigrationRun[]): Promise<void> {
  for (const run of runs) await deleteJob(work, run);
}

/** Always in the background: otherwise its pods are orphaned, and go on. */
export async function deleteJob({ dependencies: { kubernetes, migrations } }: TenantWork, { key, uid }: MigrationRun): Promise<void> {
  await kubernetes.delete(JOB, requestOfKey(key), { uid, propagationPolicy: 'Background' });
  migrations.saw(key, undefined);
}

/** Notes on the Job why it failed: its pods may be collected, and every later look is then free. */
async function explain(work: TenantWork, run: MigrationRun): Promise<void> {
  const { kubernetes, migrations } = work.dependencies;
  const outcome = migrationOutcome({
    pods: await podsOf(work, run),
    condition: run.condition,
    secrets: await passwordsOf(work, run),
    locksMayBeRetried: run.attempt < backoffLimitOf(work, run),
  });
  const job = await kubernetes.jsonPatch<Job>(JOB, requestOfKey(run.key), [
    { op: 'test', path: '/metadata/uid', value: run.uid },
    { op: 'add', path: `/metadata/annotations/${JOB_ANNOTATION.outcome.replaceAll('/', '~1')}`, value: JSON.stringify(outcome) },
  ]);
  migrations.saw(run.key, job);
  tell(work, run, outcome);
}

function tell(work: TenantWork, run: MigrationRun, outcome: MigrationOutcome): void {
  const { name, version } = run.release;
  const what = `The migration to ${name} (version ${version}) failed`;
  // One that failed for good is told of when the tenant turns Stalled.
  if (outcome.transient) work.note('Warning', 'MigrationRetrying', `${what} and is tried again: ${outcome.message}`);
  work.log.warn({ release: name, version, job: run.name, ...outcome }, 'migration failed');
}

/** A release that is gone allows no more. */
function backoffLimitOf({ dependencies: { caches } }: TenantWork, { release }: MigrationRun): number {
  return caches.releases.get(release.name)?.spec.backoffLimit ?? 0;
}

/** To be masked in what the migration has printed. */
async function passwordsOf({ tenant, dependencies: { kubernetes } }: TenantWork, run: MigrationRun): Promise<readonly string[]> {
  const request = { namespace: tenant.metadata.namespace, name: migrationSecretName(run.name) };
  const secret = await kubernetes.get<ConnectionSecret>(SECRET, request);
  return ['PGPASSWORD', 'DATABASE_URL'].flatMap((key) => {
    const value = secret?.data?.[key];
    return value === undefined ? [] : [Buffer.from(value, 'base64').toString('utf8')];
  });
}

/**
 * Secrets first: a Secret of a migration is there only while its role is, so that finding no role means that nothing is left.
 */
export async function removeMigrationLogin(work: TenantWork): Promise<RemoveMigratorOutcome> {
  await deleteMigrationSecrets(work);
  const outcome = await removeMigrator(await work.sessions(), await work.database());
  work.forget('server');
  return outcome;
}

/** A login that can not be removed would be used by nobody, and noticed by nobody. */
async function clean(work: TenantWork): Promise<void> {
  const outcome = await removeMigrationLogin(work);
  if (outcome.kind !== 'dropped') throw new Error(`removing the login of a migration: ${outcome.message}`);
}

export async function deleteMigrationSecrets({ tenant, dependencies: { kubernetes } }: TenantWork): Promise<void> {
  const { namespace, name } = tenant.metadata;
  const selection = { namespace, labelSelector: migrationSelector(name), metadataOnly: true };
  const { items } = await kubernetes.list<KubernetesObject>(SECRET, selection);
  for (const { metadata } of items) await kubernetes.delete(SECRET, { namespace, name: metadata.name }, { uid: metadata.uid });
}
