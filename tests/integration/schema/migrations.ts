/** What the tests of migrations share: releases by name, and a tenant's migration Jobs and what belongs to them. */
import type { V1Pod } from '@kubernetes/client-node';

import type { Behaviour } from '../../../dev/pod-runner/behaviour.ts';
import { JOB, POD, SCHEMA_RELEASE, SECRET } from '../../../src/api/resources.ts';
import { ANNOTATION } from '../../../src/api/annotations.ts';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import type { SchemaRelease } from '../../../src/api/schema-release.ts';
import { STUDIO_TENANT } from '../../../src/api/resources.ts';
import { migrationSelector } from '../../../src/desired/migration-keys.ts';
import { migrationRun, type Job, type MigrationRun } from '../../../src/desired/migration-run.ts';
import { eventually } from '../../support/eventually.ts';
import { type Studio, TENANTS } from '../../support/studio.ts';

const STUDIO_1 = 'migrations/tenant/studio-1';
const STUDIO_2 = 'migrations/tenant/studio-2';
const CANDIDATE = 'migrations/tenant/studio-2-rc';

/** Folders of sample releases. */
export const FOLDERS = { one: [STUDIO_1], two: [STUDIO_1, STUDIO_2], failing: [STUDIO_1, CANDIDATE] } as const;

export async function applyRelease(studio: Studio, version: number, args: readonly string[], spec: object = {}): Promise<void> {
  await studio.apply('SchemaRelease', `studio-${version}`, { version, args, ...spec });
}

export async function deleteReleases(studio: Studio): Promise<void> {
  const { items } = await studio.cluster.api.list<SchemaRelease>(SCHEMA_RELEASE);
  for (const { metadata } of items) await studio.cluster.api.delete(SCHEMA_RELEASE, { name: metadata.name });
}

export async function releaseOf(studio: Studio, version: number): Promise<SchemaRelease | undefined> {
  return await studio.cluster.api.get<SchemaRelease>(SCHEMA_RELEASE, { name: `studio-${version}` });
}

/** Waits until the release's status is as `test` wants it. */
export async function releaseIs(
  studio: Studio,
  version: number,
  test: (status: NonNullable<SchemaRelease['status']>) => boolean,
): Promise<SchemaRelease> {
  return await eventually(
    async () => {
      const release = await releaseOf(studio, version);
      if (release?.status !== undefined && test(release.status)) return release;
      throw new Error(`studio-${version} is ${JSON.stringify(release?.status)}`);
    },
    { timeoutMs: 60_000 },
  );
}

export async function jobsOf(studio: Studio, tenant: string): Promise<readonly MigrationRun[]> {
  const { items } = await studio.cluster.api.list<Job>(JOB, { namespace: TENANTS, labelSelector: migrationSelector(tenant) });
  return items.flatMap((job) => migrationRun(job) ?? []);
}

/** Jobs of all tenants that have not ended. */
export async function running(studio: Studio): Promise<readonly MigrationRun[]> {
  const { items } = await studio.cluster.api.list<Job>(JOB, { namespace: TENANTS });
  return items.flatMap((job) => migrationRun(job) ?? []).filter(({ phase }) => phase === 'running');
}

/** Names of the Secrets and roles that a tenant's migrations have left. */
export async function leftovers(studio: Studio, tenant: string): Promise<readonly string[]> {
  const secrets = await studio.cluster.api.list<KubernetesObject>(SECRET, { namespace: TENANTS, labelSelector: migrationSelector(tenant) });
  const organizationId = (await studio.tenant(tenant))?.status?.organizationId;
  const roles = await studio.superuser<{ rolname: string }>(
    `select rolname from pg_roles where rolname = 'studio_${organizationId}_db_migrator'`,
  );
  return [...secrets.items.map(({ metadata }) => metadata.name), ...roles.map(({ rolname }) => rolname)];
}

export async function podsOf(studio: Studio, tenant: string): Promise<readonly KubernetesObject[]> {
  return (await studio.cluster.api.list<KubernetesObject>(POD, { namespace: TENANTS, labelSelector: migrationSelector(tenant) })).items;
}

export async function retryTenant(studio: Studio, name: string, value: string): Promise<void> {
  await studio.cluster.annotate(STUDIO_TENANT, { namespace: TENANTS, name }, { [ANNOTATION.retry]: value });
}

export async function retryRelease(studio: Studio, version: number, value: string): Promise<void> {
  await studio.cluster.annotate(SCHEMA_RELEASE, { name: `studio-${version}` }, { [ANNOTATION.retry]: value });
}

/** What pods do instead of their command, by the tenant they work for; changed by tests at any time. */
export class Pods {
  readonly #behaviours = new Map<string, Behaviour>();

  readonly policy = (pod: V1Pod): Behaviour =>
    this.#behaviours.get(pod.metadata?.labels?.['studio-platform.io/tenant'] ?? '') ?? { kind: 'run' };

  set(tenant: string, behaviour: Behaviour): void {
    this.#behaviours.set(tenant, behaviour);
  }
}
