// Migration Jobs whose pods do not come to work, are taken away, or belong to a tenant that is being deleted.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { JOB } from '../../../src/api/resources.ts';
import { eventually } from '../../support/eventually.ts';
import { messageOf, Studio, TENANTS } from '../../support/studio.ts';
import { applyRelease, FOLDERS, jobsOf, leftovers, Pods, podsOf } from './migrations.ts';

/** As promised to whoever reads the status. */
const SOON_MS = 30_000;

const pods = new Pods();
let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start({ pods: pods.policy });
  await studio.startOperator({ MAX_PARALLEL_MIGRATIONS: '10' });
  await applyRelease(studio, 1, FOLDERS.one);
}, 180_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

test('an image that cannot be pulled is in the status soon', async () => {
  await applyRelease(studio, 2, [], { image: 'registry.example/no-such-image:1', paused: true });
  await studio.applyTenant('no-image', { release: 'studio-2' });
  await studio.reason('no-image', 'SchemaReady', 'ReleasePaused');
  await applyRelease(studio, 2, [], { paused: false, image: 'registry.example/no-such-image:1' });
  const tenant = await studio.reason('no-image', 'SchemaReady', 'MigrationNotStarting', SOON_MS);
  expect(messageOf(tenant, 'SchemaReady')).toMatch(/ErrImagePull|ImagePullBackOff/);
  await applyRelease(studio, 2, [], { paused: true, image: 'registry.example/no-such-image:1' });
});

test('a pod that no node takes is in the status soon', async () => {
  pods.set('homeless', { kind: 'unschedulable', message: '0/3 nodes are available: 3 Insufficient memory' });
  await studio.applyTenant('homeless', { release: 'studio-1' });
  const tenant = await studio.reason('homeless', 'SchemaReady', 'MigrationNotStarting', SOON_MS);
  expect(messageOf(tenant, 'SchemaReady')).toContain('Insufficient memory');
});

const QUOTAS = { group: '', version: 'v1', plural: 'resourcequotas', kind: 'ResourceQuota', namespaced: true } as const;

/** Allows none of a resource in the tenants' namespace. */
const forbid = async (name: string, resource: string): Promise<void> => {
  const hard = { [resource]: '0' };
  await studio.cluster.apply({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name, namespace: TENANTS }, spec: { hard } });
  // What the quota controller, which the test's control plane has not got, would calculate.
  const status = { hard, used: hard };
  await studio.cluster.api.jsonPatch(QUOTAS, { namespace: TENANTS, name }, [{ op: 'add', path: '/status', value: status }], {
    subresource: 'status',
  });
};

test('a pod that a quota forbids is in the status soon, and the tenant goes on when it is lifted', async () => {
  await forbid('no-pods', 'pods');
  await studio.applyTenant('no-room', { release: 'studio-1' });
  const tenant = await studio.reason('no-room', 'SchemaReady', 'MigrationNotStarting', SOON_MS);
  expect(messageOf(tenant, 'SchemaReady')).toMatch(/FailedCreate.*no-pods/);

  await studio.cluster.api.delete(QUOTAS, { namespace: TENANTS, name: 'no-pods' });
  await studio.settled('no-room', 120_000);
});

test('a Job that the API server refuses is in the status soon, leaves nothing, and is made when it is allowed', async () => {
  await forbid('no-jobs', 'count/jobs.batch');
  await studio.applyTenant('no-job', { release: 'studio-1' });
  const tenant = await studio.reason('no-job', 'SchemaReady', 'MigrationRefused', SOON_MS);
  expect(messageOf(tenant, 'SchemaReady')).toContain('no-jobs');
  expect(await leftovers(studio, 'no-job')).toEqual([]);

  await studio.cluster.api.delete(QUOTAS, { namespace: TENANTS, name: 'no-jobs' });
  await studio.settled('no-job', 120_000);
  const refusals = (await studio.audit()).filter(
    ({ verb, objectRef, responseStatus }) => verb === 'create' && objectRef?.resource === 'jobs' && responseStatus?.code === 403,
  );
  expect(refusals.length).toBeLessThan(10);
});

test('a deadline that is missed is told as such, with the log kept', async () => {
  pods.set('slow', { kind: 'hang' });
  await applyRelease(studio, 3, FOLDERS.one, { activeDeadlineSeconds: 1, backoffLimit: 0, maxFailures: 50 });
  await studio.applyTenant('slow', { release: 'studio-3' });
  const tenant = await studio.reason('slow', 'SchemaReady', 'MigrationFailed', 60_000);
  expect(messageOf(tenant, 'SchemaReady')).toContain('DeadlineExceeded');
});

test('nothing new starts while the pod of a deleted Job is at work', async () => {
  pods.set('orphaned', { kind: 'hang' });
  await studio.applyTenant('orphaned', { release: 'studio-1' });
  const [job] = await eventually(
    async () => {
      const found = await jobsOf(studio, 'orphaned');
      return found[0]?.ready === true ? found : undefined;
    },
    { timeoutMs: 60_000 },
  );
  await studio.cluster.api.delete(JOB, { namespace: TENANTS, name: job?.name ?? '' }, { propagationPolicy: 'Orphan' });
  await eventually(async () => (await jobsOf(studio, 'orphaned')).length === 0, { timeoutMs: 30_000 });
  const waiting = await studio.waitFor(
    'orphaned',
    (tenant) => messageOf(tenant, 'SchemaReady')?.includes('pod of a deleted migration Job') === true,
  );
  expect(waiting.status?.schema).not.toHaveProperty('job');

  const [orphan] = await podsOf(studio, 'orphaned');
  pods.set('orphaned', { kind: 'run' });
  await studio.cluster.api.delete(
    { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true },
    { namespace: TENANTS, name: orphan?.metadata.name ?? '' },
  );
  await studio.settled('orphaned');
});

test('deleting a tenant in the middle of its migration takes Job, pod, Secret and login away', async () => {
  pods.set('leaving', { kind: 'hang' });
  await studio.applyTenant(
    'leaving',
    { release: 'studio-1', deletionPolicy: 'Delete' },
    { 'studio-platform.io/confirm-deletion': 'leaving' },
  );
  const tenant = await studio.reason('leaving', 'SchemaReady', 'Migrating');
  await eventually(async () => (await podsOf(studio, 'leaving')).length > 0, { timeoutMs: 30_000 });
  await studio.deleteTenant('leaving');
  await studio.gone('leaving');
  await eventually(async () => (await podsOf(studio, 'leaving')).length === 0, { timeoutMs: 30_000 });
  expect(await jobsOf(studio, 'leaving')).toEqual([]);
  expect(await leftovers(studio, 'leaving')).toEqual([]);
  const roles = await studio.superuser(`select rolname from pg_roles where rolname like 'studio_${tenant.status?.organizationId}_db%'`);
  expect(roles).toEqual([]);
});
