// The PostgresServer object on a running operator: what it needs, what it says when that is missing, with the SQL that mends it, and
// that it heals once the SQL was run.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findCondition } from '../../../src/api/conditions.ts';
import type { PostgresServer } from '../../../src/api/postgres-server.ts';
import { POSTGRES_SERVER, SECRET } from '../../../src/api/resources.ts';
import { eventually } from '../../support/eventually.ts';
import { freshServer, queryAs, type FreshServer } from '../../support/postgres.ts';
import { Studio, SYSTEM } from '../../support/studio.ts';

let studio: Studio;
let postgres: FreshServer;
beforeAll(async () => {
  studio = await Studio.start();
  await studio.startOperator({ SWEEP_INTERVAL: '1s' });
  await studio.serverReady('main');
});
afterAll(async () => await studio[Symbol.asyncDispose]());
beforeEach(async () => {
  postgres = await freshServer();
  return async () => await postgres[Symbol.asyncDispose]();
});

const superuser = (sql: string) => queryAs(postgres.superuserUrl, sql);

const object = async (name: string): Promise<PostgresServer | undefined> =>
  await studio.cluster.api.get<PostgresServer>(POSTGRES_SERVER, { name });

/** The message of Ready once it has this reason. */
const message = async (name: string, reason: string): Promise<string> =>
  await eventually(
    async () => {
      const ready = findCondition((await object(name))?.status?.conditions, 'Ready');
      if (ready?.reason !== reason) throw new Error(`server ${name} is ${JSON.stringify(ready)}`);
      return ready.message;
    },
    { timeoutMs: 60_000 },
  );

const adminSecret = async (name: string, username: string, password: string): Promise<void> =>
  await studio.cluster.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `${name}-admin`, namespace: SYSTEM },
    stringData: { username, password },
  });

/** Everything after "run:", as an administrator would paste it. */
const sqlIn = (text: string): string => /run(?: as a superuser)?: (.*)$/.exec(text)?.[1] ?? '';

describe('what a server needs', () => {
  test('nobody may connect by default, to any database; the message has the SQL, and it heals', async () => {
    await superuser('CREATE DATABASE somebodys');
    await superuser('GRANT CONNECT ON DATABASE postgres TO PUBLIC; REVOKE CONNECT ON DATABASE postgres FROM studio_admin');
    await studio.applyServer('public', {}, postgres);
    const text = await message('public', 'PublicConnect');
    expect(text).toContain('"postgres", "somebodys"');
    await superuser(sqlIn(text));
    await studio.serverReady('public');
  });

  test('the rights to make databases and roles and to end sessions, checked also while it is in use', async () => {
    await superuser('ALTER ROLE studio_admin NOCREATEDB; REVOKE pg_signal_backend FROM studio_admin');
    await studio.applyServer('rights', {}, postgres);
    await superuser(sqlIn(await message('rights', 'MissingRights')));
    await studio.serverReady('rights');
    expect((await object('rights'))?.status).toMatchObject({ operatorRole: 'studio_admin', version: expect.stringMatching(/^18\./) });

    await superuser('ALTER ROLE studio_admin NOCREATEROLE');
    await superuser(sqlIn(await message('rights', 'MissingRights')));
    await studio.serverReady('rights');
  });

  test('a Secret with a login, found when it appears', async () => {
    await studio.apply('PostgresServer', 'secretless', {
      host: postgres.host,
      port: postgres.port,
      adminSecretRef: { name: 'secretless-admin' },
      tls: { mode: 'disable' },
    });
    expect(await message('secretless', 'SecretNotFound')).toContain('studio-system/secretless-admin');
    const { username, password } = new URL(postgres.adminUrl);
    await adminSecret('secretless', username, password);
    await studio.serverReady('secretless');
  });

  test('a group role of another installation is left alone', async () => {
    await superuser(`CREATE ROLE studio_tenant; COMMENT ON ROLE studio_tenant IS '{"installation":"another"}'`);
    await studio.applyServer('installed', {}, postgres);
    await message('installed', 'InstallationConflict');
    expect(await superuser(`SELECT shobj_description(oid, 'pg_authid') AS c FROM pg_roles WHERE rolname = 'studio_tenant'`)).toEqual([
      { c: '{"installation":"another"}' },
    ]);
  });
});

describe('given a superuser', () => {
  const bySuperuser = async (name: string): Promise<void> => {
    await adminSecret(`${name}-super`, 'postgres', new URL(postgres.superuserUrl).password);
    await studio.applyServer(name, { adminSecretRef: { name: `${name}-super-admin` } }, postgres);
  };

  test('the operator makes itself a role that is none, and never uses the superuser in a tenant', async () => {
    await bySuperuser('super');
    await studio.serverReady('super');
    expect((await object('super'))?.status?.operatorRole).toBe('studio_operator');
    await studio.applyTenant('of-super', { database: { server: 'super' } });
    const tenant = await studio.settled('of-super');
    const name = tenant.status?.database?.name ?? '';
    expect(await superuser(`SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = 'studio_operator'`)).toEqual([
      { rolsuper: false, rolcreatedb: true, rolcreaterole: true },
    ]);
    expect(await superuser(`SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = '${name}'`)).toEqual([
      { owner: 'studio_operator' },
    ]);
    const sessions = `SELECT FROM pg_stat_activity WHERE usename = 'postgres' AND application_name LIKE 'studio-operator/%'`;
    expect(await superuser(sessions)).toEqual([]);

    // Its own login is in a Secret of the operator's namespace: the superuser's password may change now.
    await adminSecret('super-super', 'postgres', 'changed-meanwhile');
    await studio.operator?.kill();
    await studio.startOperator({ SWEEP_INTERVAL: '1s' });
    await studio.applyTenant('of-super-too', { database: { server: 'super' } });
    await studio.settled('of-super-too');
    const secret = await studio.cluster.api.get(SECRET, { namespace: SYSTEM, name: 'postgres-server-super' });
    expect(secret?.metadata.ownerReferences?.[0]?.name).toBe('super');
  });

  test('a role studio_operator that somebody else made is left alone', async () => {
    await superuser('CREATE ROLE studio_operator LOGIN');
    await bySuperuser('taken');
    await message('taken', 'OperatorRoleConflict');
    expect(await superuser(`SELECT rolcreatedb FROM pg_roles WHERE rolname = 'studio_operator'`)).toEqual([{ rolcreatedb: false }]);
  });
});

describe('the login in the Secret', () => {
  test('may get another password, but not another name', async () => {
    await studio.applyServer('named', {}, postgres);
    await studio.serverReady('named');
    await studio.applyTenant('of-named', { database: { server: 'named' } });
    await studio.settled('of-named');

    await superuser(`ALTER ROLE studio_admin PASSWORD 'rotated'`);
    await superuser(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'studio_admin'`);
    await adminSecret('named', 'studio_admin', 'rotated');
    await studio.applyTenant('of-named-too', { database: { server: 'named' } });
    await studio.settled('of-named-too');

    await superuser(
      `CREATE ROLE other_admin LOGIN CREATEDB CREATEROLE PASSWORD 'x'; GRANT pg_signal_backend TO other_admin; GRANT CONNECT ON DATABASE postgres TO other_admin`,
    );
    await adminSecret('named', 'other_admin', 'x');
    await studio
      .applyServer('named', { capacity: { maxDatabases: 5 } }, postgres)
      .then(async () => await adminSecret('named', 'other_admin', 'x'));
    const text = await message('named', 'OperatorRoleChanged');
    await superuser('DROP OWNED BY other_admin');
    await superuser(`${/DROP ROLE "other_admin"; ALTER ROLE [^;]*;/.exec(text)?.[0]} ALTER ROLE other_admin PASSWORD 'x'`);
    await studio.serverReady('named');
    expect((await object('named'))?.status?.operatorRole).toBe('other_admin');
    await studio.settled('of-named');
  });
});

describe('deleting a server', () => {
  test('is held while organizations live on it, says which, and goes when they are gone', async () => {
    await studio.applyServer('held', {}, postgres);
    await studio.serverReady('held');
    await studio.applyTenant(
      'holder',
      { database: { server: 'held' }, deletionPolicy: 'Delete' },
      { 'studio-platform.io/confirm-deletion': 'holder' },
    );
    await studio.settled('holder');
    await studio.cluster.api.delete(POSTGRES_SERVER, { name: 'held' });
    const said = await eventually(async () => findCondition((await object('held'))?.status?.conditions, 'Reconciling')?.message);
    expect(said).toMatch(/^1 organization lives on this server: studio-tenants\/holder \(active\)/);

    await studio.deleteTenant('holder');
    await studio.gone('holder');
    await eventually(async () => (await object('held')) === undefined);
  });
});

describe('a steady state', () => {
  test('costs one statement per sweep on a server', async () => {
    const logging = await freshServer({ settings: { log_statement: 'all' } });
    try {
      await studio.applyServer('steady', {}, logging);
      await studio.serverReady('steady');
      await studio.applyTenant('of-steady', { database: { server: 'steady' } });
      await studio.settled('of-steady');
      const count = async (text: string): Promise<number> =>
        (await statements(logging.logFile)).filter((line) => line.includes(text)).length;
      const sweeps = async (): Promise<number> => await count('AS server');
      const others = async (): Promise<number> => (await statements(logging.logFile)).length - (await sweeps());
      // What follows from becoming Ready is done at its time, and the login is tried every now and then: other rounds are without.
      await eventually(
        async () => {
          const [swept, besides] = [await sweeps(), await others()];
          await eventually(async () => (await sweeps()) >= swept + 5);
          expect((await others()) - besides).toBeLessThanOrEqual(1);
          return true;
        },
        { timeoutMs: 60_000 },
      );
    } finally {
      await logging.stop();
    }
  });
});

async function statements(file: string): Promise<readonly string[]> {
  const { readFile } = await import('node:fs/promises');
  // One entry per statement, whose further lines are indented.
  return (await readFile(file, 'utf8'))
    .split(/\n(?=\S)/)
    .filter((entry) => /LOG: {2}(statement|execute)/.test(entry))
    .filter((entry) => !entry.includes('pg_stat_activity'));
}
