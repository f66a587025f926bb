/** Deleting and coming back: what is kept is kept, what is erased is gone, and nothing is erased by mistake. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import { FINALIZER } from '../../../src/api/group.ts';
import { CUSTOM_RESOURCE_DEFINITION, STUDIO_TENANT } from '../../../src/api/resources.ts';
import { sentenceOf } from '../../support/conditions.ts';
import { eventually } from '../../support/eventually.ts';
import { Studio, TENANTS } from '../../support/studio.ts';
import { freshServer, queryAs } from '../../support/postgres.ts';

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start();
  await studio.startOperator();
  await studio.serverReady('main');
}, 180_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

async function readyTenant(name: string, spec: object = {}, annotations: Readonly<Record<string, string>> = {}): Promise<number> {
  await studio.applyTenant(name, spec, annotations);
  return (await studio.settled(name)).status?.organizationId ?? 0;
}

/** A row only this database has, to know it again. */
async function leaveMark(n: number): Promise<void> {
  await studio.superuser(
    `CREATE TABLE public.mark AS SELECT 'mine' AS value; GRANT SELECT ON public.mark TO studio_${n}_db`,
    `studio_${n}_db`,
  );
}

const markOf = (name: string) => studio.asTenant(name, 'SELECT value FROM public.mark');
const databaseExists = async (n: number): Promise<boolean> =>
  (await studio.superuser(`SELECT 1 FROM pg_database WHERE datname = 'studio_${n}_db'`)).length === 1;
const statusInMaster = async (n: number): Promise<unknown> =>
  (await studio.master('SELECT status FROM organizations WHERE id = $1', [n]))[0]?.['status'];

describe('deleting with Retain', () => {
  it('closes the database, keeps the data and the claims, and gives all back to the same name and subdomain', async () => {
    const n = await readyTenant('kept');
    await leaveMark(n);
    const { uri = '' } = await studio.secret('kept');
    await studio.deleteTenant('kept');
    await studio.gone('kept');
    expect(await statusInMaster(n)).toBe('retained');
    expect(await databaseExists(n)).toBe(true);
    await expect(queryAs(uri, 'SELECT 1')).rejects.toThrow();
    await studio.applyTenant('thief', { subdomain: 'kept' });
    await studio.reason('thief', 'Registered', 'SubdomainTaken');

    await studio.applyTenant('kept');
    const back = await studio.settled('kept');
    expect(back.status).toMatchObject({ organizationId: n, credentials: { generation: 2 } });
    expect(await markOf('kept')).toEqual([{ value: 'mine' }]);
    expect(await statusInMaster(n)).toBe('active');
    expect(uri).not.toBe((await studio.secret('kept'))['uri']);
  });

  it('asks what to do when the name comes back with another subdomain, and does it when told', async () => {
    const n = await readyTenant('renamed');
    await leaveMark(n);
    await studio.deleteTenant('renamed');
    await studio.gone('renamed');
    await studio.applyTenant('renamed', { subdomain: 'new-name' });
    expect(await sentenceOf(studio, 'renamed', 'Registered', 'RetainedExists')).toContain(`"${n}"`);
    await studio.applyTenant('renamed', { subdomain: 'new-name' }, { [ANNOTATION.adoptOrganization]: String(n) });
    expect((await studio.settled('renamed')).status?.organizationId).toBe(n);
    expect(await markOf('renamed')).toEqual([{ value: 'mine' }]);
  });
});

const DELETION_GUARD = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  metadata: { name: 'studio-operator-deletion-guard' },
};

describe('deleting with Delete', () => {
  it('without the confirmation keeps everything, and says so', async () => {
    const n = await readyTenant('careless', { deletionPolicy: 'Delete' });
    // The API server already refuses it, but not everybody has that policy.
    await expect(studio.deleteTenant('careless')).rejects.toThrow('nobody has confirmed it');
    await studio.cluster.remove(DELETION_GUARD);
    await eventually(async () => await studio.deleteTenant('careless').then(() => true));
    await studio.gone('careless');
    expect(await databaseExists(n)).toBe(true);
    expect(await statusInMaster(n)).toBe('retained');
    const events = await studio.cluster.api.raw<{ items: { reason: string }[] }>({
      method: 'GET',
      path: `/api/v1/namespaces/${TENANTS}/events`,
    });
    expect(events.items.map(({ reason }) => reason)).toContain('DeletionNotConfirmed');
  });

  it('with the confirmation erases database, roles, names and billing, and frees the subdomain', async () => {
    const n = await readyTenant('erased', { deletionPolicy: 'Delete' }, { [ANNOTATION.confirmDeletion]: 'erased' });
    await studio.applyTenant('waiting', { subdomain: 'erased' });
    await studio.reason('waiting', 'Registered', 'SubdomainTaken');
    await studio.deleteTenant('erased');
    await studio.gone('erased');
    expect(await databaseExists(n)).toBe(false);
    expect(await studio.superuser(`SELECT rolname FROM pg_roles WHERE rolname LIKE 'studio\\_${n}\\_db%'`)).toEqual([]);
    expect(await studio.master('SELECT status, name, display_name, subdomain FROM organizations WHERE id = $1', [n])).toEqual([
      { status: 'deleted', name: null, display_name: null, subdomain: null },
    ]);
    expect(await studio.master('SELECT 1 FROM ai_credits_accounts WHERE organization_id = $1', [n])).toEqual([]);
    await studio.settled('waiting');
  });

  it('erases one that was retained before, when it is applied with Delete and deleted again', async () => {
    const n = await readyTenant('twice');
    await studio.deleteTenant('twice');
    await studio.gone('twice');
    await readyTenant('twice', { deletionPolicy: 'Delete' }, { [ANNOTATION.confirmDeletion]: 'twice' });
    await studio.deleteTenant('twice');
    await studio.gone('twice');
    expect(await databaseExists(n)).toBe(false);
  });

  it('erases what was retained although its heir is deleted before it has taken it up', async () => {
    const n = await readyTenant('hasty');
    await studio.deleteTenant('hasty');
    await studio.gone('hasty');
    await studio.operator?.stop();
    await studio.applyTenant('hasty', { deletionPolicy: 'Delete' }, { [ANNOTATION.confirmDeletion]: 'hasty' });
    // As after a first attempt that came no further than the finalizer.
    const finalizers = [{ op: 'add', path: '/metadata/finalizers', value: [FINALIZER] }] as const;
    await studio.cluster.api.jsonPatch(STUDIO_TENANT, { namespace: TENANTS, name: 'hasty' }, finalizers);
    await studio.deleteTenant('hasty');
    await studio.startOperator();
    await studio.gone('hasty');
    expect(await databaseExists(n)).toBe(false);
    expect(await statusInMaster(n)).toBe('deleted');
  });

  it('never drops a database that is not the recorded one', async () => {
    const n = await readyTenant('swapped', { deletionPolicy: 'Delete' }, { [ANNOTATION.confirmDeletion]: 'swapped' });
    const [comment] = await studio.superuser(
      `SELECT shobj_description(oid, 'pg_database') AS text FROM pg_database WHERE datname = 'studio_${n}_db'`,
    );
    await studio.superuser(`ALTER DATABASE studio_${n}_db RENAME TO real_one`);
    await studio.superuser(`CREATE DATABASE studio_${n}_db ALLOW_CONNECTIONS false`);
    await studio.superuser(`REVOKE ALL ON DATABASE studio_${n}_db FROM PUBLIC`);
    await studio.superuser(`COMMENT ON DATABASE studio_${n}_db IS '${String(comment?.['text'])}'`);
    await studio.deleteTenant('swapped');
    expect(await sentenceOf(studio, 'swapped', 'Reconciling', 'ForeignDatabase')).toContain('oid');
    expect(await databaseExists(n)).toBe(true);
    await studio.superuser(`DROP DATABASE studio_${n}_db`);
    await studio.superuser(`ALTER DATABASE real_one RENAME TO studio_${n}_db`);
    await studio.applyTenant('swapped', { deletionPolicy: 'Delete' }, { [ANNOTATION.confirmDeletion]: 'swapped', [ANNOTATION.retry]: '1' });
    await studio.gone('swapped');
    expect(await databaseExists(n)).toBe(false);
  });

  it('in the middle of provisioning leaves nothing behind', async () => {
    await Promise.all(
      Array.from({ length: 5 }, async (_, i) => {
        const name = `brief-${i}`;
        await studio.applyTenant(name, { deletionPolicy: 'Delete' }, { [ANNOTATION.confirmDeletion]: name });
        if (i > 0) await studio.waitFor(name, (tenant) => tenant.metadata.finalizers !== undefined);
        await studio.deleteTenant(name);
      }),
    );
    await Promise.all(Array.from({ length: 5 }, (_, i) => studio.gone(`brief-${i}`)));
    // The first may be gone before its finalizer could hold it; it is taken down all the same.
    await eventually(
      async () => expect(await studio.master("SELECT name FROM organizations WHERE name LIKE 'brief-%' AND living")).toEqual([]),
      { timeoutMs: 60_000 },
    );
    expect(await studio.superuser("SELECT datname FROM pg_database WHERE datname LIKE 'studio_prov%'")).toEqual([]);
  });
});

describe('coming back after a disaster', () => {
  it('takes up the row of a predecessor whose finalizer was removed by hand, with a new password', async () => {
    const n = await readyTenant('orphan');
    await leaveMark(n);
    await studio.operator?.stop();
    await studio.deleteTenant('orphan');
    const [path, contentType] = [
      `/apis/studio-platform.io/v1alpha1/namespaces/${TENANTS}/studiotenants/orphan`,
      'application/merge-patch+json',
    ];
    await studio.cluster.api.raw({ method: 'PATCH', path, contentType, body: { metadata: { finalizers: [] } } });
    await studio.gone('orphan');
    await studio.applyTenant('orphan');
    await studio.startOperator();
    expect((await studio.settled('orphan')).status?.organizationId).toBe(n);
    expect(await markOf('orphan')).toEqual([{ value: 'mine' }]);
  });

  it('rebuilds the row from the database when the master database was restored from before the tenant', async () => {
    const n = await readyTenant('forgotten');
    await leaveMark(n);
    await studio.operator?.stop();
    // What a restored backup looks like: the row was never there, and the numbers start again below it.
    await studio.master(
      'SET session_replication_role = replica; DELETE FROM organization_domains; DELETE FROM subscriptions; DELETE FROM ai_credits_accounts; DELETE FROM tenant_events; DELETE FROM organizations',
    );
    await studio.master('ALTER SEQUENCE organizations_id_seq RESTART WITH 1');
    await studio.startOperator();
    await studio.applyTenant('forgotten', {}, { [ANNOTATION.retry]: 'look' });
    expect((await studio.settled('forgotten')).status?.organizationId).toBe(n);
    expect(await markOf('forgotten')).toEqual([{ value: 'mine' }]);
    const fresh = await readyTenant('after-restore');
    expect(fresh).toBeGreaterThan(n);
  });
});

describe('a server that is gone for good', () => {
  it('holds up the deletion until its database is given up by name', async () => {
    await using server = await freshServer();
    await studio.applyServer('doomed', {}, server);
    await studio.serverReady('doomed');
    const n = await readyTenant('abandoned', { database: { server: 'doomed' } });
    await server.halt();
    await studio.deleteTenant('abandoned');
    expect(await sentenceOf(studio, 'abandoned', 'Reconciling', 'ServerUnavailable')).toContain(ANNOTATION.abandonDatabase);
    await studio.applyTenant('abandoned', { database: { server: 'doomed' } }, { [ANNOTATION.abandonDatabase]: `studio_${n}_db` });
    await studio.gone('abandoned');
    expect(await statusInMaster(n)).toBe('abandoned');
    // It is the emptiest of all now, and may still be called Ready: nobody is to be placed there.
    await studio.applyTenant('next-one');
    expect((await studio.settled('next-one')).status?.database?.server).toBe('main');
  });
});

describe('deleting more than was meant', () => {
  it('keeps every database when the kind itself is deleted', async () => {
    const n = await readyTenant('bystander', { deletionPolicy: 'Delete' }, { [ANNOTATION.confirmDeletion]: 'bystander' });
    const name = `${STUDIO_TENANT.plural}.${STUDIO_TENANT.group}`;
    await studio.cluster.api.delete(CUSTOM_RESOURCE_DEFINITION, { name });
    await eventually(async () => (await statusInMaster(n)) === 'retained', { timeoutMs: 60_000 });
    expect(await databaseExists(n)).toBe(true);
  });
});
