/** Releases, migration Jobs and pods for tests: whole objects, of which a test names what matters. */
import { API_VERSION } from '../../src/api/group.ts';
import type { SchemaRelease, SchemaReleaseSpec } from '../../src/api/schema-release.ts';
import type { StudioTenant } from '../../src/api/studio-tenant.ts';
import { migrationAttempt } from '../../src/desired/migration-attempt.ts';
import { migrationJob } from '../../src/desired/migration-job.ts';
import { JOB_ANNOTATION } from '../../src/desired/migration-keys.ts';
import type { MigrationOutcome, Pod } from '../../src/desired/migration-outcome.ts';
import { migrationRun, type Job, type MigrationRun } from '../../src/desired/migration-run.ts';
import { aTenant } from './a-tenant.ts';

export function aRelease(
  version: number,
  spec: Partial<SchemaReleaseSpec> = {},
  metadata: Partial<SchemaRelease['metadata']> = {},
): SchemaRelease {
  const name = metadata.name ?? `studio-${version}`;
  return {
    apiVersion: API_VERSION,
    kind: 'SchemaRelease',
    metadata: {
      name,
      uid: `uid-${name}`,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: `2026-01-0${version}T00:00:00Z`,
      ...metadata,
    },
    spec: {
      version,
      command: ['migrate'],
      args: [],
      env: [],
      backoffLimit: 3,
      activeDeadlineSeconds: 600,
      lockTimeout: '10s',
      imagePullSecrets: [],
      paused: false,
      maxFailures: 3,
      ...spec,
    },
  };
}

export interface JobOptions {
  readonly tenant?: StudioTenant;
  readonly release?: SchemaRelease;
  readonly server?: string;
  readonly number?: number;
  readonly phase?: MigrationRun['phase'];
  readonly outcome?: MigrationOutcome;
  readonly createdAt?: string;
  readonly finishedAt?: string;
  readonly ready?: boolean;
  readonly deleting?: boolean;
}

/** A Job as the operator makes it, in some state. */
export function aJob(options: JobOptions = {}): Job {
  const {
    tenant = aTenant(),
    release = aRelease(1),
    phase = 'running',
    createdAt = '2026-02-01T00:00:00Z',
    finishedAt = createdAt,
  } = options;
  const attempt = migrationAttempt(tenant, release, options.number ?? 0);
  const { metadata } = migrationJob({
    tenant,
    organizationId: 42,
    server: options.server ?? 'main',
    release,
    attempt,
    image: 'operator:1',
    resources: {},
    hasCa: false,
  });
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...metadata,
      uid: `uid-${metadata.name}`,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: createdAt,
      annotations: { ...metadata.annotations, ...outcomeAnnotation(options.outcome) },
      ...(options.deleting === true ? { deletionTimestamp: createdAt } : {}),
    },
    status: { active: phase === 'running' ? 1 : 0, ready: options.ready === true ? 1 : 0, conditions: conditionsOf(phase, finishedAt) },
  };
}

function outcomeAnnotation(outcome: MigrationOutcome | undefined): Readonly<Record<string, string>> {
  return outcome === undefined ? {} : { [JOB_ANNOTATION.outcome]: JSON.stringify(outcome) };
}

function conditionsOf(phase: MigrationRun['phase'], lastTransitionTime: string): NonNullable<Job['status']>['conditions'] & object {
  if (phase === 'running') return [];
  return [{ type: phase === 'succeeded' ? 'Complete' : 'Failed', status: 'True', reason: 'PodFailurePolicy', lastTransitionTime }];
}

export function aRun(options: JobOptions = {}): MigrationRun {
  const run = migrationRun(aJob(options));
  if (run === undefined) throw new Error('the Job is no migration');
  return run;
}

export const FAILED: MigrationOutcome = {
  message: 'exit code 65: relation "x" does not exist',
  exitCode: 65,
  sqlState: '42P01',
  transient: false,
};
export const AWAY: MigrationOutcome = { message: 'exit code 75: connection refused', exitCode: 75, transient: true };

export function aPod(status: NonNullable<Pod['status']>, creationTimestamp = '2026-02-01T00:00:00Z'): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'pod', namespace: 'studio-tenants', uid: 'uid-pod', resourceVersion: '1', generation: 1, creationTimestamp },
    status,
  };
}
