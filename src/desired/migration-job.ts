/**
 * The Job that brings one tenant's database to a release. Pure. Separate from what is read back from such a Job
 * (migration-run.ts): a Job is posted once and never changed, because its template cannot be.
 */
import { LABELS } from '../api/group.ts';
import { migrationSecretName } from '../api/names.ts';
import type { OwnerReference } from '../api/object-meta.ts';
import type { ResourceRequirements } from '../api/resource-requirements.ts';
import type { SchemaRelease } from '../api/schema-release.ts';
import type { StudioTenant } from '../api/studio-tenant.ts';
import type { MigrationAttempt } from './migration-attempt.ts';
import {
  JOB_ANNOTATION,
  MIGRATION_CA_DIRECTORY,
  MIGRATION_CA_FILE,
  MIGRATION_CA_KEY,
  MIGRATION_CONTAINER,
  MIGRATION_VARIABLES,
  migrationLabels,
  SERVER_LABEL,
} from './migration-keys.ts';
import { MIGRATE_EXIT } from './migration-report.ts';
import { ownedBy } from './owner-reference.ts';

export interface MigrationJobInput {
  readonly tenant: StudioTenant;
  readonly organizationId: number;
  /** Name of the PostgresServer. */
  readonly server: string;
  readonly release: SchemaRelease;
  readonly attempt: MigrationAttempt;
  /** For releases that name none. */
  readonly image: string;
  readonly resources: ResourceRequirements;
  /** The Secret holds the server's certificate authority. */
  readonly hasCa: boolean;
}

const CA_VOLUME = 'ca';

export interface JobToCreate {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly ownerReferences: readonly OwnerReference[];
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

export function migrationJob(input: MigrationJobInput): JobToCreate {
  const { tenant, organizationId, release, attempt } = input;
  const labels = {
    ...migrationLabels(tenant.metadata.name),
    [LABELS.organization]: String(organizationId),
    [LABELS.release]: release.metadata.name,
    [SERVER_LABEL]: input.server,
  };
  return {
    metadata: {
      name: attempt.jobName,
      namespace: tenant.metadata.namespace ?? '',
      labels,
      annotations: {
        [JOB_ANNOTATION.releaseUid]: release.metadata.uid,
        [JOB_ANNOTATION.releaseVersion]: String(release.spec.version),
        [JOB_ANNOTATION.attemptKey]: attempt.key,
        [JOB_ANNOTATION.attempt]: String(attempt.number),
        [JOB_ANNOTATION.tenantRetry]: attempt.tenantRetry,
        [JOB_ANNOTATION.releaseRetry]: attempt.releaseRetry,
      },
      ownerReferences: [ownedBy(tenant)],
    },
    spec: {
      completions: 1,
      parallelism: 1,
      backoffLimit: release.spec.backoffLimit,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: { rules: FAILURE_RULES },
      template: { metadata: { labels }, spec: podSpec(input) },
    },
  };
}

/**
 * A drained node costs no attempt. What `migrate` says with its exit code ends the Job at once: a migration that failed
 * would fail again, and a server that could not be reached is tried again by the operator, with a fresh login. All else
 * (a crash, a kill for memory, another tool's own exit codes) counts towards backoffLimit.
 */
const FAILURE_RULES = [
  { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
  {
    action: 'FailJob',
    onExitCodes: {
      containerName: MIGRATION_CONTAINER,
      operator: 'In',
      values: [MIGRATE_EXIT.usage, MIGRATE_EXIT.failed, MIGRATE_EXIT.transient],
    },
  },
] as const;

/** Pod security "restricted". The deadline is the pod's: a Job's own would delete the pod, and with it the log. */
function podSpec(input: MigrationJobInput): Readonly<Record<string, unknown>> {
  const { release, attempt, hasCa } = input;
  const secretName = migrationSecretName(attempt.jobName);
  const ca = { name: CA_VOLUME, secret: { secretName, items: [{ key: MIGRATION_CA_KEY, path: MIGRATION_CA_KEY }] } };
  return {
    restartPolicy: 'Never',
    activeDeadlineSeconds: release.spec.activeDeadlineSeconds,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    imagePullSecrets: release.spec.imagePullSecrets.map(({ name }) => ({ name })),
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [container(input, secretName)],
    volumes: [{ name: 'tmp', emptyDir: {} }, ...(hasCa ? [ca] : [])],
  };
}

function container(input: MigrationJobInput, secretName: string): Readonly<Record<string, unknown>> {
  const { release, hasCa } = input;
  return {
    name: MIGRATION_CONTAINER,
    image: release.spec.image ?? input.image,
    command: release.spec.command,
    args: release.spec.args,
    env: environment(input, secretName),
    resources: release.spec.resources ?? input.resources,
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      ...(hasCa ? [{ name: CA_VOLUME, mountPath: MIGRATION_CA_DIRECTORY, readOnly: true }] : []),
    ],
  };
}

/** The password is only referred to: a Job can be read by people who may not read Secrets. */
function environment(input: MigrationJobInput, secretName: string): readonly unknown[] {
  const { tenant, organizationId, release, hasCa } = input;
  const fromSecret = MIGRATION_VARIABLES.map((name) => ({ name, valueFrom: { secretKeyRef: { name: secretName, key: name } } }));
  return [
    ...release.spec.env.map(({ name, value }) => ({ name, value })),
    ...fromSecret,
    ...(hasCa ? [{ name: 'PGSSLROOTCERT', value: MIGRATION_CA_FILE }] : []),
    { name: 'STUDIO_TENANT', value: tenant.metadata.name },
    { name: 'STUDIO_ORGANIZATION_ID', value: String(organizationId) },
    { name: 'STUDIO_RELEASE', value: release.metadata.name },
  ];
}
