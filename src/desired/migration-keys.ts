/**
 * Names that the Job, its Secret and what is read back from them agree on. Separate so that none of the three imports another for it.
 */
import { GROUP, LABELS, MANAGED_BY_LABELS } from '../api/group.ts';

/** The container of a migration pod. */
export const MIGRATION_CONTAINER = 'migrate';

/** Value of the component label on Jobs, pods and Secrets of migrations. */
export const MIGRATION_COMPONENT = 'migration';

/** The PostgreSQL server a migration works on. */
export const SERVER_LABEL = `${GROUP}/server`;

/** What the operator notes on a Job, to decide from the Job alone. */
export const JOB_ANNOTATION = {
  releaseUid: `${GROUP}/release-uid`,
  releaseVersion: `${GROUP}/release-version`,
  /** What this is an attempt at: see migration-attempt.ts. */
  attemptKey: `${GROUP}/attempt-key`,
  /** 0 is the first. */
  attempt: `${GROUP}/attempt`,
  tenantRetry: `${GROUP}/tenant-retry`,
  releaseRetry: `${GROUP}/release-retry`,
  /** JSON of how it failed, written once: pods, which hold it first, may be collected. */
  outcome: `${GROUP}/outcome`,
} as const;

/** Keys of the Secret that become environment variables of the same name. */
export const MIGRATION_VARIABLES = ['DATABASE_URL', 'PGHOST', 'PGPORT', 'PGDATABASE', 'PGUSER', 'PGPASSWORD', 'PGSSLMODE'] as const;

/** Key of the Secret, and name of the mounted file. */
export const MIGRATION_CA_KEY = 'ca.crt';
export const MIGRATION_CA_DIRECTORY = '/var/run/studio-platform/ca';
export const MIGRATION_CA_FILE = `${MIGRATION_CA_DIRECTORY}/${MIGRATION_CA_KEY}`;

/** On everything that belongs to a tenant's migrations. */
export function migrationLabels(tenantName: string): Readonly<Record<string, string>> {
  return { ...MANAGED_BY_LABELS, [LABELS.component]: MIGRATION_COMPONENT, [LABELS.tenant]: tenantName };
}

/** Selects what `migrationLabels` marks, within the tenant's namespace. */
export function migrationSelector(tenantName: string): string {
  return `${LABELS.component}=${MIGRATION_COMPONENT},${LABELS.tenant}=${tenantName}`;
}
