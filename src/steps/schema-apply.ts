/**
 * What the Schema step does to the world: one function per kind of change, each safe to repeat. Separate from deciding.
 */
import { migratorRole, migrationSecretName } from '../api/names.ts';
import { directAddress } from '../api/postgres-server.ts';
import { durationMs } from '../api/durations.ts';
import { keyOf, type KubernetesObject } from '../api/object-meta.ts';
import { apiVersionOf, JOB, SECRET } from '../api/resources.ts';
import { isAlreadyExists } from '../clients/kubernetes/errors.ts';
import { generatePassword } from '../clients/passwords.ts';
import { scramVerifier } from '../clients/postgres/scram.ts';
import { migrationAttempt, type MigrationAttempt } from '../desired/migration-attempt.ts';
import { type JobToCreate, migrationJob } from '../desired/migration-job.ts';
import type { SchemaRelease } from '../api/schema-release.ts';
import { JOB_ANNOTATION, migrationSelector } from '../desired/migration-keys.ts';
import { migrationOutcome, type MigrationOutcome } from '../desired/migration-outcome.ts';
import type { Job, MigrationRun } from '../desired/migration-run.ts';
import { migrationSecret, type SecretToCreate } from '../desired/migration-secret.ts';
import type { ConnectionSecret } from '../desired/connection-secret.ts';
import { recordSchema } from '../master/organizations.ts';
import { requestOfKey } from '../runtime/reconciler.ts';
import { Unavailable } from '../runtime/unavailable.ts';
import { createMigrator, removeMigrator, type RemoveMigratorOutcome } from '../servers/migrator.ts';
import type { SchemaChange } from './schema-decide.ts';
import { podsOf } from './schema-observe.ts';
import type { TenantWork } from './tenant-work.ts';

/** Kubernetes' pauses between the pods of a Job. */
const POD_BACKOFF_S = 10;
const LONGEST_POD_BACKOFF_S = 360;
const SCHEDULING_MS = 600_000;

export async function applySchema(work: TenantWork, change: SchemaChange): Promise<void> {
  if (change.kind === 'record') return record(work, change.run);
  if (change.kind === 'prune') return prune(work, change.runs);
  if (change.kind === 'explain') return explain(work, change.run);
  if (change.kind === 'clean') return clean(work);
  return start(work, change);
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

async function start(work: TenantWork, { release, number }: Extract<SchemaChange, { readonly kind: 'start' }>): Promise<void> {
  const { migrations, config, servers, clock } = work.dependencies;
  const { tenant } = work;
  const organization = await work.organization();
  const attempt = migrationAttempt(tenant, release, number);
  const job = migrationJob({
    tenant,
    organizationId: organization.id,
    server: organization.serverName,
    release,
    attempt,
    image: config.operatorImage,
    resources: config.migrations.resources,
    hasCa: (await servers.clientTls(organization.serverName)).ca !== undefined,
  });
  if (!migrations.take(asIfCreated(job, clock.now()))) return;
  try {
    await makeLogin(work, release, attempt);
  } catch (error) {
    migrations.forget(keyOf(job));
    throw error;
  }
  await post(work, job);
  work.note(
    'Normal',
    'Migrating',
    `Bringing the schema to ${release.metadata.name} (version ${release.spec.version}) by Job ${attempt.jobName}`,
  );
}

/** The Job as the API server will answer, for as long as it has not. Without a uid it can not be taken for the real one. */
function asIfCreated(job: JobToCreate, now: Date): Job {
  const { namespace, ...metadata } = job.metadata;
  return {
    apiVersion: apiVersionOf(JOB),
    kind: JOB.kind,
    metadata: {
      ...metadata,
      ...(namespace === undefined ? {} : { namespace }),
      uid: '',
      resourceVersion: '',
      generation: 1,
      creationTimestamp: now.toISOString(),
    },
  };
}

/** Role before Secret before Job: whatever is left by a crash in between hangs on the role, which is looked for. */
async function makeLogin(work: TenantWork, release: SchemaRelease, attempt: MigrationAttempt): Promise<void> {
  const { clock, servers } = work.dependencies;
  const organization = await work.organization();
  const password = generatePassword();
  await createMigrator(await work.sessions(), await work.database(), {
    verifier: await scramVerifier(password),
    validUntil: new Date(clock.now().getTime() + longestRunMs(release)),
    lockTimeoutMs: durationMs(release.spec.lockTimeout),
  });
  work.forget('server');
  const secret = migrationSecret(work.tenant, attempt.jobName, {
    address: directAddress(work.server(organization).spec),
    database: organization.databaseName,
    user: migratorRole(organization.id),
    password,
    ...(await servers.clientTls(organization.serverName)),
  });
  await createAnew(work, secret);
}

/** All of a Job's pods, with Kubernetes' pauses in between and time to be scheduled. A login that expires earlier is made anew. */
function longestRunMs({ spec: { backoffLimit, activeDeadlineSeconds } }: SchemaRelease): number {
  const pauses = Array.from({ length: backoffLimit }, (_, retry) => Math.min(POD_BACKOFF_S * 2 ** retry, LONGEST_POD_BACKOFF_S));
  return ((backoffLimit + 1) * activeDeadlineSeconds + pauses.reduce((sum, pause) => sum + pause, 0)) * 1_000 + SCHEDULING_MS;
}

/** One of that name has another password: it can only be of an attempt that was cut short. */
async function createAnew({ dependencies: { kubernetes } }: TenantWork, secret: SecretToCreate): Promise<void> {
  try {
    await kubernetes.create(SECRET, secret);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    await kubernetes.delete(SECRET, { namespace: secret.metadata.namespace, name: secret.metadata.name });
    await kubernetes.create(SECRET, secret);
  }
}

/** Posted once, never applied. */
async function post({ dependencies: { kubernetes, migrations } }: TenantWork, job: JobToCreate): Promise<void> {
  const key = keyOf(job);
  try {
    migrations.saw(key, await kubernetes.create<Job>(JOB, job));
  } catch (error) {
    // Without an answer it may be there: it counts, and is read by name before anything else is decided.
    if (error instanceof Unavailable) throw error;
    migrations.forget(key);
    if (!isAlreadyExists(error)) throw error;
    migrations.saw(key, await kubernetes.get<Job>(JOB, requestOfKey(key)));
  }
}
