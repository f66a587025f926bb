/**
 * Starts a migration: a slot, a fresh login, its Secret, the Job - in this order, so that whatever a crash leaves behind
 * is found by the next look. Separate from the other changes (schema-apply.ts), which tidy up after one.
 */
import { durationMs } from '../api/durations.ts';
import { migratorRole } from '../api/names.ts';
import { keyOf } from '../api/object-meta.ts';
import { directAddress } from '../api/postgres-server.ts';
import { apiVersionOf, JOB, SECRET } from '../api/resources.ts';
import type { SchemaRelease } from '../api/schema-release.ts';
import { isAlreadyExists, KubernetesError } from '../clients/kubernetes/errors.ts';
import { generatePassword } from '../clients/passwords.ts';
import { scramVerifier } from '../clients/postgres/scram.ts';
import { masked } from '../desired/masking.ts';
import { migrationAttempt, type MigrationAttempt } from '../desired/migration-attempt.ts';
import { type JobToCreate, migrationJob } from '../desired/migration-job.ts';
import type { Job } from '../desired/migration-run.ts';
import { migrationSecret, type SecretToCreate } from '../desired/migration-secret.ts';
import { isOwnedBy } from '../desired/owner-reference.ts';
import { requestOfKey } from '../runtime/reconciler.ts';
import { Unavailable } from '../runtime/unavailable.ts';
import { createMigrator } from '../servers/migrator.ts';
import type { SchemaChange } from './schema-decide.ts';
import type { TenantWork } from './tenant-work.ts';

/** Kubernetes' pauses between the pods of a Job. */
const POD_BACKOFF_S = 10;
const LONGEST_POD_BACKOFF_S = 360;
const SCHEDULING_MS = 600_000;

/** Before a Job that the API server refused is posted again. */
const REFUSED_MS = 20_000;

export async function startMigration(
  work: TenantWork,
  { release, number }: Extract<SchemaChange, { readonly kind: 'start' }>,
): Promise<void> {
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
    await make(work, { release, attempt, job });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // What has been made for it is taken away by the next look, and wakes the tenant: without a pause this would spin.
    migrations.wasRefused(tenant.metadata.uid, { message: masked(error.message), untilMs: clock.now().getTime() + REFUSED_MS });
    return;
  }
  work.note(
    'Normal',
    'Migrating',
    `Bringing the schema to ${release.metadata.name} (version ${release.spec.version}) by Job ${attempt.jobName}`,
  );
}

interface Making {
  readonly release: SchemaRelease;
  readonly attempt: MigrationAttempt;
  readonly job: JobToCreate;
}

async function make(work: TenantWork, { release, attempt, job }: Making): Promise<void> {
  try {
    await makeLogin(work, release, attempt);
  } catch (error) {
    work.dependencies.migrations.forget(keyOf(job));
    throw error;
  }
  await post(work, job);
}

/** Quota, admission, a policy: about this object, and until somebody changes something. */
function isRefusal(error: unknown): error is KubernetesError {
  return error instanceof KubernetesError && [400, 403, 422].includes(error.code);
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

/** One of that name has another password: it can only be of an attempt that was cut short. Somebody else's is left alone. */
async function createAnew({ tenant, dependencies: { kubernetes } }: TenantWork, secret: SecretToCreate): Promise<void> {
  try {
    await kubernetes.create(SECRET, secret);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const { namespace, name } = secret.metadata;
    const found = await kubernetes.get(SECRET, { namespace, name });
    if (found !== undefined && !isOwnedBy(found, tenant))
      throw new Error(`the Secret "${name}" is there and is not ours`, { cause: error });
    await kubernetes.delete(SECRET, { namespace, name }, { uid: found?.metadata.uid });
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
