// What the operator does with a master database before anything else: make it, migrate it, claim it.

import { randomBytes, randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ConnectionTarget } from '../../../src/clients/postgres/connection.ts';
import { withSession } from '../../../src/clients/postgres/session.ts';
import { createMasterDatabase, type MasterCreation } from '../../../src/master/create.ts';
import { gatherOrganization } from '../../../src/master/gather.ts';
import { claimInstallation } from '../../../src/master/installation.ts';
import { migrateMaster } from '../../../src/master/migrate.ts';
import { deleteOrganization, registerOrganization } from '../../../src/master/organizations.ts';
import { environment } from '../../support/environment.ts';
import { freshDatabase, freshServer, queryAs, superuserQuery } from '../../support/postgres.ts';
import { aRegistration, anActive, freshMaster, silent, targetOf } from './fresh-master.ts';

const OWN_MIGRATIONS = path.resolve(import.meta.dirname, '../../../migrations/master');
const ALL = ['0001_installation', '0002_organizations', '0003_billing', '0004_tenant-events', '0005_routing', '0006_remembered-spends'];

describe('migrating', () => {
  test('runs everything once, for one of several operators that start at once', async () => {
    await using database = await freshDatabase();
    const target = targetOf(database.url);
    const ran = await Promise.all(Array.from({ length: 4 }, () => migrateMaster({ target, log: silent })));
    expect(ran.filter((names) => names.length > 0)).toEqual([ALL]);
    expect(await migrateMaster({ target, log: silent })).toEqual([]);
    const tables = await queryAs(database.url, "SELECT tablename FROM pg_tables WHERE schemaname = 'studio_migrations'");
    expect(tables).toEqual([{ tablename: 'master_migrations' }]);
  });

  test('leaves nothing behind when one of them fails', async () => {
    await using database = await freshDatabase();
    await using broken = await migrationsWith('0007_broken', 'CREATE TABLE public.half (id integer); SELECT 1/0;');
    const target = targetOf(database.url);
    await expect(migrateMaster({ target, log: silent, directory: broken.directory })).rejects.toMatchObject({ code: '22012' });
    expect(await queryAs(database.url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
    expect(await migrateMaster({ target, log: silent })).toEqual(ALL);
  });

  test('refuses a schema that a newer operator has made, and says so', async () => {
    await using database = await freshDatabase();
    await using newer = await migrationsWith('0007_from-the-future', 'CREATE TABLE public.future (id integer);');
    const target = targetOf(database.url);
    await migrateMaster({ target, log: silent, directory: newer.directory });
    const refused = migrateMaster({ target, log: silent });
    await expect(refused).rejects.toMatchObject({ name: 'MasterDatabaseRefused', reason: 'SchemaTooNew' });
    await expect(refused).rejects.toThrow(/0007_from-the-future/);
  });

  test('reports a server that goes away as unavailable, and survives it', async () => {
    await using database = await freshDatabase();
    const end = `SELECT pg_terminate_backend(pg_backend_pid());`;
    await using suicidal = await migrationsWith('0007_ends-its-session', end);
    const target = targetOf(database.url);
    await expect(migrateMaster({ target, log: silent, directory: suicidal.directory })).rejects.toMatchObject({ name: 'Unavailable' });
    expect(await migrateMaster({ target, log: silent })).toEqual(ALL);
  });

  test.each([16, 17] as const)('works on PostgreSQL %d, and so do the statements', async (major) => {
    await using server = await freshServer({ major });
    await migrateMaster({ target: targetOf(server.masterUrl), log: silent });
    await withSession(targetOf(server.masterUrl), {}, async (query) => {
      const clusterId = randomUUID();
      await claimInstallation(query, { clusterId });
      const registration = aRegistration(clusterId, { claims: { domains: ['version.example'] } });
      expect(await registerOrganization(query, registration)).toMatchObject({ kind: 'registered' });
      const active = await anActive({ query } as never, registration);
      const [spending] = await query({ text: 'SELECT spent FROM public.spend_ai_credits($1, 1, $2)', values: [active.id, 'r'] });
      expect(spending).toEqual({ spent: true });
      await deleteOrganization(query, active);
      expect((await gatherOrganization(query, registration.identity)).tombstone).toMatchObject({ id: active.id });
    });
  });
});

describe('creating the master database', () => {
  test('makes it so that nobody but its owner may connect', async () => {
    await using account = await anAccount('CREATEDB');
    expect(await createMasterDatabase(account.creation)).toBe(true);
    expect(await createMasterDatabase(account.creation)).toBe(false);
    expect(await account.access()).toEqual({ datallowconn: true, open: false, owner: account.name });
    expect(await migrateMaster({ target: account.master, log: silent })).toEqual(ALL);
  });

  test('is done by one of several operators that start at once', async () => {
    await using account = await anAccount('CREATEDB');
    const made = await Promise.all(Array.from({ length: 4 }, () => createMasterDatabase(account.creation)));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await account.access()).toMatchObject({ datallowconn: true, open: false });
  });

  test('finishes what a crash has cut off before it was ever open', async () => {
    await using account = await anAccount('CREATEDB');
    await queryAs(account.url, `CREATE DATABASE ${account.name} TEMPLATE template0 ALLOW_CONNECTIONS false`);
    expect(await createMasterDatabase(account.creation)).toBe(true);
    expect(await account.access()).toMatchObject({ datallowconn: true, open: false });
  });

  test('does not open what somebody has closed', async () => {
    await using account = await anAccount('CREATEDB');
    await createMasterDatabase(account.creation);
    await queryAs(account.url, `ALTER DATABASE ${account.name} ALLOW_CONNECTIONS false`);
    const refused = createMasterDatabase(account.creation);
    await expect(refused).rejects.toMatchObject({ reason: 'Closed' });
    await expect(refused).rejects.toThrow(`ALTER DATABASE "${account.name}" ALLOW_CONNECTIONS true`);
    expect(await account.access()).toMatchObject({ datallowconn: false });
  });

  test('says what an administrator must run when the account may not', async () => {
    await using account = await anAccount('NOCREATEDB');
    const refused = await createMasterDatabase(account.creation).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'MasterDatabaseRefused', reason: 'MayNotCreate' });
    const [, first, second] = /administrator: (.*?); (.*?);$/.exec((refused as Error).message) ?? [];
    if (first === undefined || second === undefined) throw new Error('no SQL in the sentence');
    await superuserQuery(first);
    await superuserQuery(second);
    expect(await account.access()).toEqual({ datallowconn: true, open: false, owner: account.name });
    expect(await migrateMaster({ target: account.master, log: silent })).toEqual(ALL);
  });
});

describe('claiming', () => {
  test('gives one installation id to all operators of a cluster, also when they start at once', async () => {
    await using database = await freshDatabase();
    const target = targetOf(database.url);
    await migrateMaster({ target, log: silent });
    const clusterId = randomUUID();
    const claims = await Promise.all(
      Array.from({ length: 6 }, () => withSession(target, {}, (query) => claimInstallation(query, { clusterId }))),
    );
    expect(new Set(claims.map(({ installationId }) => installationId)).size).toBe(1);
    expect(claims[0]).toMatchObject({ clusterId, adoptedFrom: null });
  });

  test("refuses another cluster's operator, and says how to take over", async () => {
    await using master = await freshMaster();
    const other = randomUUID();
    const refused = claimInstallation(master.query, { clusterId: other });
    await expect(refused).rejects.toMatchObject({ name: 'MasterDatabaseRefused', reason: 'OwnedByAnotherCluster' });
    await expect(refused).rejects.toThrow(master.clusterId);
    await expect(claimInstallation(master.query, { clusterId: other, adoptFromCluster: randomUUID() })).rejects.toMatchObject({
      reason: 'OwnedByAnotherCluster',
    });
    expect(await master.sql('SELECT cluster_id FROM installation')).toEqual([{ cluster_id: master.clusterId }]);
  });

  test('takes the living organizations over once, and locks the former cluster out', async () => {
    await using master = await freshMaster();
    const living = await anActive(master);
    const dead = await anActive(master);
    await deleteOrganization(master.query, dead);
    const before = await claimInstallation(master.query, { clusterId: master.clusterId });
    const clusterId = randomUUID();
    const takeOver = { clusterId, adoptFromCluster: master.clusterId };
    const after = await claimInstallation(master.query, takeOver);
    expect(after).toEqual({ installationId: before.installationId, clusterId, adoptedFrom: master.clusterId });
    expect(await claimInstallation(master.query, takeOver)).toEqual(after);
    expect((await master.events(living.id)).filter((type) => type === 'ClusterAdopted')).toHaveLength(1);
    const successor = { uid: randomUUID(), clusterId, namespace: living.namespace, name: living.name };
    expect((await gatherOrganization(master.query, successor)).predecessor).toMatchObject({ id: living.id });
    expect((await gatherOrganization(master.query, living)).organization).toBeUndefined();
    expect(await registerOrganization(master.query, aRegistration(master.clusterId))).toEqual({ kind: 'notOwner' });
    await expect(claimInstallation(master.query, { clusterId: master.clusterId })).rejects.toMatchObject({
      reason: 'OwnedByAnotherCluster',
    });
    const owners = await master.sql('SELECT cluster_id FROM organizations ORDER BY id');
    expect(owners).toEqual([{ cluster_id: clusterId }, { cluster_id: master.clusterId }]);
  });
});

interface Migrations extends AsyncDisposable {
  readonly directory: string;
}

/** The operator's own migrations, and one more. */
async function migrationsWith(name: string, text: string): Promise<Migrations> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'studio-migrations-'));
  await cp(OWN_MIGRATIONS, directory, { recursive: true });
  await writeFile(path.join(directory, `${name}.sql`), text);
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

interface Account extends AsyncDisposable {
  /** Of the account, and of the master database it is to have. */
  readonly name: string;
  /** The maintenance database, as the account. */
  readonly url: string;
  readonly master: ConnectionTarget;
  readonly creation: MasterCreation;
  access(): Promise<unknown>;
}

async function anAccount(right: 'CREATEDB' | 'NOCREATEDB'): Promise<Account> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await superuserQuery(`CREATE ROLE ${name} LOGIN ${right} PASSWORD '${name}'; GRANT CONNECT ON DATABASE postgres TO ${name}`);
  const url = Object.assign(new URL(environment().postgres.superuserUrl), { username: name, password: name }).href;
  const maintenance = targetOf(url);
  return {
    name,
    url,
    master: { ...maintenance, database: name },
    creation: { maintenance, database: name },
    async access() {
      const [access] = await superuserQuery(
        `SELECT datallowconn, pg_get_userbyid(datdba) AS owner, EXISTS (
           SELECT FROM aclexplode(coalesce(datacl, acldefault('d', datdba))) AS acl WHERE acl.grantee = 0
         ) AS open FROM pg_database WHERE datname = $1`,
        [name],
      );
      return access;
    },
    async [Symbol.asyncDispose]() {
      await superuserQuery(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await superuserQuery(`REVOKE ALL ON DATABASE postgres FROM ${name}; DROP ROLE ${name}`);
    },
  };
}
