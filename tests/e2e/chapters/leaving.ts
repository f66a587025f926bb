// How an installation goes and comes again: what tenants stand on stays, and whoever installs again finds it.

import { expect, it } from 'vitest';
import { API_VERSION } from '../../../src/api/group.ts';
import { eventually } from '../../support/eventually.ts';
import { listObjects } from '../../support/kube.ts';
import { superuserQuery } from '../../support/postgres.ts';
import { auditOf } from '../support/audit.ts';
import { install, RELEASE, STUDIO_1, STUDIO_2, SYSTEM, TENANTS, uninstall } from '../support/installation.ts';
import { applicationPods, operatorPods } from '../support/pods.ts';
import { addSession, inDatabaseOf, migrationJobs, readyTenant, sessionsOf, tenant } from '../support/tenants.ts';

const KEPT = ['one', 'two', 'three', 'four'];

const everything = async (): Promise<object> => {
  const names = async (apiVersion: string, kind: string, namespace?: string): Promise<readonly string[]> =>
    (await listObjects(apiVersion, kind, namespace)).map(({ metadata }) => metadata.name).toSorted();
  return {
    definitions: (await names('apiextensions.k8s.io/v1', 'CustomResourceDefinition')).filter((name) =>
      name.endsWith('.studio-platform.io'),
    ),
    tenants: await names(API_VERSION, 'StudioTenant'),
    servers: await names(API_VERSION, 'PostgresServer'),
    plans: await names(API_VERSION, 'TenantPlan'),
    releases: await names(API_VERSION, 'SchemaRelease'),
    secrets: (await names('v1', 'Secret', TENANTS)).filter((name) => name.endsWith('-database')),
    databases: await superuserQuery("SELECT datname, oid FROM pg_database WHERE datname LIKE 'studio_%_db' ORDER BY oid"),
    logins: await superuserQuery("SELECT rolname, oid FROM pg_roles WHERE rolname LIKE 'studio_%_db' ORDER BY oid"),
  };
};

export const leaving = (): void => {
  it('was never refused anything that it asked of the API server, as long as it was there', async ({ skip }) => {
    const { refusals, requests } = await auditOf(`system:serviceaccount:${SYSTEM}:${RELEASE}`);
    if (requests === undefined) skip('this cluster writes no audit log');
    expect(requests).toBeGreaterThan(100);
    expect(refusals).toEqual([]);
  });

  it('leaves definitions, tenants and their data when it is uninstalled', async () => {
    const before = await everything();
    expect(before).toMatchObject({ tenants: expect.arrayContaining(KEPT), servers: ['main'], plans: ['free'] });
    const { code, stderr } = await uninstall();
    expect({ code, stderr }).toMatchObject({ code: 0 });
    await eventually(async () => (await operatorPods()).length + (await applicationPods()).length === 0, { timeoutMs: 90_000 });
    const deployments = await listObjects('apps/v1', 'Deployment');
    expect(deployments.map(({ metadata }) => metadata.name)).not.toContain(RELEASE);

    expect(await everything()).toEqual(before);
    for (const name of ['one', 'two']) {
      expect((await tenant(name)).metadata['deletionTimestamp']).toBeUndefined();
      expect(await inDatabaseOf(name, 'SELECT title FROM sessions')).toEqual([{ title: `Yoga of ${name}` }]);
    }
  });

  it('takes all of it over when it is installed again, without a migration and with every password as it was', async () => {
    const before = {
      all: await everything(),
      secrets: await secretsOf(),
      jobs: (await migrationJobs()).map(({ metadata }) => metadata.uid),
    };
    const { code, stderr } = await install({ application: true, releases: { 'studio-1': STUDIO_1, 'studio-2': STUDIO_2 } });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const work = await Promise.all(KEPT.map(async (name) => await readyTenant(name, 'studio-2')));
    expect(work).toHaveLength(KEPT.length);

    expect(await addSession('one', 'Pilates')).toMatchObject({ status: 201 });
    expect((await sessionsOf('one')).toSorted()).toEqual(['Pilates', 'Yoga of one']);
    expect(await everything()).toEqual(before.all);
    expect({ secrets: await secretsOf(), jobs: (await migrationJobs()).map(({ metadata }) => metadata.uid) }).toEqual({
      secrets: before.secrets,
      jobs: before.jobs,
    });
  });
};

const secretsOf = async (): Promise<object> =>
  Object.fromEntries((await listObjects('v1', 'Secret', TENANTS)).map(({ metadata, data }) => [metadata.name, data?.password]));
