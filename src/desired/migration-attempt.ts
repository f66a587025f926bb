/**
 * What makes one migration attempt another: the Job's name is a hash of it. Separate because the same answer is needed
 * before a Job exists (its name) and after (is this the Job of what is wanted now?).
 */
import { ANNOTATION, annotationOf } from '../api/annotations.ts';
import { migrationJobName } from '../api/names.ts';
import type { SchemaRelease } from '../api/schema-release.ts';
import type { StudioTenant } from '../api/studio-tenant.ts';
import { hashOf } from './matches.ts';

export interface MigrationAttempt {
  /** The same for every attempt at the same thing. */
  readonly key: string;
  /** Counts the attempts at the same thing, from 0: after a cause that may go away, the next is made by itself. */
  readonly number: number;
  readonly jobName: string;
  readonly tenantRetry: string;
  readonly releaseRetry: string;
}

/**
 * The value of the retry annotation that counts: the annotation, or what was last acted on where it has been removed
 * (removing it asks for nothing).
 */
export function retryOf(object: StudioTenant | SchemaRelease): string {
  return annotationOf(object, ANNOTATION.retry) ?? object.status?.handled?.retry ?? '';
}

/**
 * A new attempt is due when the release, what the migration runs with, the tenant's database settings or one of the two
 * retry annotations has changed.
 */
export function attemptKey(tenant: StudioTenant, release: SchemaRelease): string {
  const { resources, backoffLimit, activeDeadlineSeconds, lockTimeout, imagePullSecrets } = release.spec;
  return hashOf({
    tenant: tenant.metadata.uid,
    release: release.metadata.uid,
    tenantRetry: retryOf(tenant),
    releaseRetry: retryOf(release),
    runsWith: { resources, backoffLimit, activeDeadlineSeconds, lockTimeout, imagePullSecrets },
    database: { extensions: tenant.spec.database.extensions, settings: tenant.spec.database.settings },
  });
}

/** @param number 0 for the first attempt at this */
export function migrationAttempt(tenant: StudioTenant, release: SchemaRelease, number: number): MigrationAttempt {
  const key = attemptKey(tenant, release);
  return {
    key,
    number,
    jobName: migrationJobName(tenant.metadata.name, hashOf({ key, number }).slice(0, 10)),
    tenantRetry: retryOf(tenant),
    releaseRetry: retryOf(release),
  };
}
