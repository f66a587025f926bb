// A tenant's way from release to release, on the whole operator: what runs, what is recorded, what is left.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { conditionOf, messageOf, Studio } from '../../support/studio.ts';
import { applyRelease, deleteReleases, FOLDERS, jobsOf, leftovers, Pods, releaseIs, retryTenant } from './migrations.ts';

const pods = new Pods();
let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start({ pods: pods.policy });
  await studio.startOperator();
}, 180_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

const nothingLeft = async (tenant: string): Promise<void> =>
  void (await eventually(async () => (await leftovers(studio, tenant)).length === 0, { timeoutMs: 30_000 }));

describe('a tenant', () => {
  test('without any release is Ready with an empty schema, and gets its schema when the first release appears', async () => {
    await studio.applyTenant('early');
    await studio.reason('early', 'SchemaReady', 'NoRelease');
    await studio.settled('early');

    await applyRelease(studio, 1, FOLDERS.one);

    const tenant = await studio.waitFor('early', ({ status }) => status?.schema?.version === 1);
    expect(conditionOf(tenant, 'Ready')).toBe('True');
    expect(await studio.asTenant('early', 'select * from sessions')).toEqual([]);
  });

  test('that is new is Ready with the schema of the newest release, as the owner of nothing', async () => {
    await studio.applyTenant('fresh');

    const { status } = await studio.settled('fresh');

    expect(status?.schema).toEqual({ release: 'studio-1', version: 1, target: 1 });
    await studio.asTenant('fresh', `insert into clients (email, full_name) values ('someone@studio.example', 'Someone')`);
    await expect(studio.asTenant('fresh', 'drop table clients')).rejects.toMatchObject({ code: '42501' });
    await expect(studio.asTenant('fresh', 'delete from studio_migrations.pgmigrations')).rejects.toMatchObject({ code: '42501' });
    const rows = await studio.master('select schema_release, schema_version from organizations where id = $1', [status?.organizationId]);
    expect(rows).toEqual([{ schema_release: 'studio-1', schema_version: 1 }]);
    expect(await jobsOf(studio, 'fresh')).toMatchObject([{ phase: 'succeeded', server: 'main', release: { name: 'studio-1' } }]);
    await nothingLeft('fresh');
  });

  test('keeps serving while a newer release comes, and is counted by it', async () => {
    pods.set('fresh', { kind: 'hang' });
    await applyRelease(studio, 2, FOLDERS.two, { activeDeadlineSeconds: 600 });
    const upgrading = await studio.reason('fresh', 'SchemaReady', 'Migrating');
    expect(upgrading.status).toMatchObject({ phase: 'Upgrading', schema: { version: 1, target: 2, job: expect.any(String) as string } });
    expect(['Ready', 'Reconciling', 'Stalled'].map((type) => conditionOf(upgrading, type))).toEqual(['True', 'True', 'False']);
    await studio.asTenant('fresh', 'select * from sessions');
    await releaseIs(studio, 2, (status) => status.running === 1 && status.done === 1);

    // Somebody deletes the Job in the middle: it is made again, once its pod has ended.
    pods.set('fresh', { kind: 'run' });
    const job = (await jobsOf(studio, 'fresh')).find(({ phase }) => phase === 'running');
    await studio.cluster.api.delete(
      { group: 'batch', version: 'v1', plural: 'jobs', kind: 'Job', namespaced: true },
      { namespace: 'studio-tenants', name: job?.name ?? '' },
      { propagationPolicy: 'Background' },
    );

    const { status } = await studio.settled('fresh');
    expect(status?.schema).toEqual({ release: 'studio-2', version: 2, target: 2 });
    expect(await studio.asTenant('fresh', 'select email from clients')).toEqual([{ email: 'someone@studio.example' }]);
    expect(await jobsOf(studio, 'fresh')).toMatchObject([{ phase: 'succeeded', release: { version: 2 } }]);
    await nothingLeft('fresh');
    await releaseIs(
      studio,
      2,
      ({ pending, running, done, conditions }) => pending === 0 && running === 0 && done === 2 && conditions?.[0]?.status === 'True',
    );
  });

  test('pinned to an older release than it is at stays where it is', async () => {
    await studio.applyTenant('fresh', { release: 'studio-1' });
    const { status } = await studio.reason('fresh', 'SchemaReady', 'AheadOfRelease');
    expect(status?.schema).toMatchObject({ version: 2, target: 1 });
    expect(await jobsOf(studio, 'fresh')).toHaveLength(1);
  });

  test('pinned to a release that does not exist waits for it, and begins when it appears', async () => {
    await studio.applyTenant('pinned', { release: 'studio-3' });
    const waiting = await studio.reason('pinned', 'SchemaReady', 'ReleaseNotFound');
    expect(messageOf(waiting, 'SchemaReady')).toContain('"studio-3"');
    expect(conditionOf(waiting, 'Reconciling')).toBe('True');

    await applyRelease(studio, 3, FOLDERS.two, { paused: true });
    await studio.reason('pinned', 'SchemaReady', 'ReleasePaused');
    await applyRelease(studio, 3, FOLDERS.two, { paused: false });
    expect((await studio.settled('pinned')).status?.schema).toMatchObject({ version: 3 });
  });

  test('that is suspended waits with a release until it is resumed', async () => {
    await studio.applyTenant('early', { suspended: true });
    await studio.waitFor('early', ({ status }) => status?.phase === 'Suspended' && status.schema?.version !== undefined);
    const { status } = await studio.waitFor('early', ({ status: now }) => now?.phase === 'Suspended');
    const before = status?.schema?.version ?? 0;
    await applyRelease(studio, 4, FOLDERS.two);
    await studio.waitFor('early', ({ status: now }) => now?.schema?.target === 4);
    expect((await studio.tenant('early'))?.status).toMatchObject({ phase: 'Suspended', schema: { version: before } });
    expect((await jobsOf(studio, 'early')).filter(({ release }) => release.version === 4)).toEqual([]);

    await studio.applyTenant('early', { suspended: false });
    expect((await studio.settled('early')).status?.schema).toMatchObject({ version: 4 });
  });
});

describe('a migration that fails', () => {
  test('fails a new tenant, is explained in its status, and a retry after mending the cause brings it in', async () => {
    await deleteReleases(studio);
    await applyRelease(studio, 10, FOLDERS.failing);
    await studio.applyTenant('unlucky');

    const failed = await studio.reason('unlucky', 'SchemaReady', 'MigrationFailed');
    expect(failed.status).toMatchObject({
      phase: 'Failed',
      lastError: { step: 'Schema', reason: 'MigrationFailed', code: '23505' },
    });
    expect(['Ready', 'Reconciling', 'Stalled'].map((type) => conditionOf(failed, type))).toEqual(['False', 'False', 'True']);
    expect(messageOf(failed, 'SchemaReady')).toMatch(/exit code 65.*price_list_name_key.*23505.*0006_unique-price-names\.sql/);
    expect(messageOf(failed, 'SchemaReady')).not.toContain('Portrait');
    await nothingLeft('unlucky');
    const [first] = await jobsOf(studio, 'unlucky');
    expect(first).toMatchObject({ phase: 'failed', outcome: { sqlState: '23505', transient: false } });

    await retryTenant(studio, 'unlucky', 'once');
    await studio.waitFor('unlucky', ({ status }) => status?.handled?.retry === 'once' && status.phase === 'Failed');
    const second = await eventually(
      async () => {
        const jobs = await jobsOf(studio, 'unlucky');
        return jobs.length === 1 && jobs[0]?.name !== first?.name && jobs[0]?.phase === 'failed' ? jobs : undefined;
      },
      { timeoutMs: 30_000 },
    );
    expect(second).toHaveLength(1);

    await applyRelease(studio, 11, FOLDERS.two);
    await studio.waitFor('unlucky', ({ status }) => status?.phase === 'Ready' && status.schema?.version === 11);
    expect(await jobsOf(studio, 'unlucky')).toMatchObject([{ phase: 'succeeded' }]);
  });

  test('leaves a serving tenant Ready on its old schema, with Stalled', async () => {
    pods.set('unlucky', { kind: 'fail', exitCode: 65, message: 'postgresql://studio_1_db_migrator:hush-hush@host/db said no' });
    await applyRelease(studio, 12, FOLDERS.two);

    const failed = await studio.reason('unlucky', 'SchemaReady', 'MigrationFailed');

    expect(failed.status).toMatchObject({ phase: 'Degraded', schema: { version: 11, target: 12 } });
    expect(['Ready', 'Reconciling', 'Stalled'].map((type) => conditionOf(failed, type))).toEqual(['True', 'False', 'True']);
    expect(messageOf(failed, 'SchemaReady')).toContain('said no');
    expect(JSON.stringify(failed)).not.toContain('hush-hush');
    await studio.asTenant('unlucky', 'select * from assets');
    await releaseIs(studio, 12, ({ failed: count, failedTenants }) => count === 1 && failedTenants?.[0] === 'studio-tenants/unlucky');

    pods.set('unlucky', { kind: 'run' });
    await retryTenant(studio, 'unlucky', 'twice');
    await studio.waitFor('unlucky', ({ status }) => status?.phase === 'Ready' && status.schema?.version === 12);
  });

  test('because a server was away is tried again by itself', async () => {
    pods.set('unlucky', { kind: 'fail', exitCode: 75, message: 'connection refused' });
    await applyRelease(studio, 13, FOLDERS.two);
    await studio.reason('unlucky', 'SchemaReady', 'MigrationRetrying');
    pods.set('unlucky', { kind: 'run' });
    await studio.waitFor('unlucky', ({ status }) => status?.phase === 'Ready' && status.schema?.version === 13);
    expect(await jobsOf(studio, 'unlucky')).toHaveLength(1);
  });
});
