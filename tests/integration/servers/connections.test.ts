// Connections as they are: what a session starts with, how a password is proven, what a fence stops, and servers that go away.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pino } from 'pino';
import type { PostgresServer } from '../../../src/api/postgres-server.ts';
import { openClient } from '../../../src/clients/postgres/client.ts';
import type { ConnectionTarget } from '../../../src/clients/postgres/connection.ts';
import { createDatabasePool, type DatabasePool } from '../../../src/clients/postgres/database-pool.ts';
import { Unavailable } from '../../../src/runtime/unavailable.ts';
import { fence } from '../../../src/servers/fence.ts';
import { createServers } from '../../../src/servers/registry.ts';
import { aServer } from '../../support/a-tenant.ts';
import { eventually } from '../../support/eventually.ts';
import { passwordAskingServer } from '../../support/password-asking-server.ts';
import { freshServer, queryAs, withDatabase, type FreshServer } from '../../support/postgres.ts';
import { targetOf } from '../master/fresh-master.ts';

let server: FreshServer;
beforeAll(async () => {
  server = await freshServer();
});
afterAll(async () => await server[Symbol.asyncDispose]());

const superuser = (text: string) => queryAs(server.superuserUrl, text);
const target = (more: Partial<ConnectionTarget> = {}): ConnectionTarget => ({ ...targetOf(server.adminUrl), system: 'server', ...more });
const poolOf = (more: Partial<Parameters<typeof createDatabasePool>[0]> = {}): DatabasePool =>
  createDatabasePool({ target: target(), maxConnections: 2, ...more });

describe('a session', () => {
  test('keeps its search_path and limits whatever the database and the role say', async () => {
    await superuser(`ALTER DATABASE postgres SET search_path = public; ALTER ROLE studio_admin SET lock_timeout = 0`);
    const pool = poolOf();
    const [row] = await pool.query({
      text: `SELECT current_setting('search_path') AS path, current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement`,
    });
    expect(row).toEqual({ path: 'pg_catalog,pg_temp', lock: '2s', statement: '20s' });
    await pool.end();
  });

  test.each([
    ['cleartext', 'password', 'scram-sha-256'],
    ['md5', 'md5', 'md5'],
  ])('is not opened where the server asks for a %s password', async (word, method, encryption) => {
    await using weak = await freshServer({ settings: { password_encryption: encryption } });
    await queryAs(weak.superuserUrl, `CREATE ROLE weak LOGIN PASSWORD 'x'; GRANT CONNECT ON DATABASE postgres TO weak`);
    const [{ file } = { file: '' }] = await queryAs<{ file: string }>(weak.superuserUrl, `SELECT current_setting('hba_file') AS file`);
    const lines = `ARRAY['host all weak all ${method}', 'host all all all scram-sha-256']`;
    await queryAs(weak.superuserUrl, `COPY (SELECT unnest(${lines})) TO '${file}'`);
    await queryAs(weak.superuserUrl, 'SELECT pg_reload_conf()');
    const refused = await eventually(async () => {
      const attempt = openClient({ ...targetOf(weak.adminUrl), user: 'weak', password: 'x', system: 'server' });
      const error = await attempt.then(
        async (client) => await client.end(),
        (cause: unknown) => cause,
      );
      return error instanceof Unavailable ? error : undefined;
    });
    expect(refused.message).toContain(`the server asks for a ${word} password`);
  });

  test.each(['cleartext after SCRAM', 'md5 after SCRAM'] as const)(
    'shows no password to a server that asks for it by %s',
    async (method) => {
      await using greedy = await passwordAskingServer(method);
      const target = { ...targetOf('postgresql://admin@127.0.0.1/postgres'), port: greedy.port, password: 'a-password-of-no-use' };
      await expect(openClient(target)).rejects.toBeInstanceOf(Unavailable);
      expect(greedy.heard()).not.toMatch(/a-password-of-no-use|md5[0-9a-f]{32}/);
    },
  );
});

describe('a pool', () => {
  test('says Unavailable while the server is away, and goes on by itself when it is back', async () => {
    const failures: unknown[] = [];
    const pool = poolOf({ onFailure: (error) => failures.push(error) });
    await pool.query({ text: 'SELECT 1' });
    const sleeping = pool.query({ text: 'SELECT pg_sleep(15)' }).catch((error: unknown) => error);
    await eventually(
      async () => (await superuser(`SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'`)).length === 1,
    );
    await server.crash();
    expect(await sleeping).toBeInstanceOf(Unavailable);
    await expect(pool.query({ text: 'SELECT 1' })).rejects.toBeInstanceOf(Unavailable);
    expect(failures.length).toBeGreaterThanOrEqual(2);
    await server.resume();
    await eventually(async () => (await pool.query({ text: 'SELECT 1' })).length === 1);
    await pool.end();
  });

  test('answers those that wait for a connection when it is closed, after what is under way', async () => {
    const pool = poolOf({ maxConnections: 1 });
    const underWay = pool.query<{ one: number }>({ text: 'SELECT 1 AS one FROM pg_sleep(3)' });
    await eventually(
      async () => (await superuser(`SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT 1 AS one%' AND state = 'active'`)).length === 1,
    );
    const waiting = [pool.query({ text: 'SELECT 2' }), pool.query({ text: 'SELECT 3' })].map((one) => one.catch((error: unknown) => error));
    await pool.end();
    expect(await underWay).toEqual([{ one: 1 }]);
    for (const one of waiting) expect(await one).toBeInstanceOf(Unavailable);
    await expect(pool.query({ text: 'SELECT 4' })).rejects.toBeInstanceOf(Unavailable);
  });

  test('gives the rows of the last of several statements, and takes all of them back when one fails', async () => {
    const pool = poolOf();
    expect(await pool.query({ text: 'SELECT 1 AS one; SELECT 2 AS two' })).toEqual([{ two: 2 }]);
    await expect(pool.query({ text: 'CREATE ROLE made_in_vain; SELECT 1 / 0' })).rejects.toMatchObject({ code: '22012' });
    expect(await superuser(`SELECT FROM pg_roles WHERE rolname = 'made_in_vain'`)).toEqual([]);
    await pool.end();
  });

  test('rolls a transaction back when its work fails, and uses the connection again', async () => {
    const pool = poolOf({ maxConnections: 1 });
    const failing = pool.transaction(async (query) => {
      await query({ text: 'CREATE ROLE made_in_vain' });
      throw new Error('second thoughts');
    });
    await expect(failing).rejects.toThrow('second thoughts');
    expect(await pool.query({ text: `SELECT FROM pg_roles WHERE rolname = 'made_in_vain'` })).toEqual([]);
    await pool.end();
  });

  test('does not send a statement once the fence says no, not even to commit', async () => {
    let isLeading = true;
    class Lost extends Error {}
    const assertWritable = (): void => {
      if (!isLeading) throw new Lost('not leading');
    };
    const pool = poolOf({ maxConnections: 1, assertWritable });
    const losing = pool.transaction(async (query) => {
      await query({ text: 'CREATE ROLE made_in_vain' });
      isLeading = false;
    });
    await expect(losing).rejects.toBeInstanceOf(Lost);
    isLeading = true;
    // The connection with the open transaction is gone, and the role with it.
    expect(await pool.query({ text: `SELECT FROM pg_roles WHERE rolname = 'made_in_vain'` })).toEqual([]);
    await pool.end();
  });

  test('looks at each new connection, and uses none that is refused', async () => {
    const pool = poolOf({
      onConnect: async (query) => {
        await query({ text: 'SELECT' });
        throw new Error('another server');
      },
    });
    await expect(pool.query({ text: 'SELECT 1' })).rejects.toThrow('another server');
    await expect(pool.query({ text: 'SELECT 1' })).rejects.toThrow('another server');
    await pool.end();
  });
});

test('a new leader ends the sessions of former ones, and of nobody else', async () => {
  const name = (leader: string) => ({ target: target({ applicationName: `studio-operator/${leader}` }) });
  const [before, mine, other] = [poolOf(name('before')), poolOf(name('mine')), poolOf({ target: target({ applicationName: 'psql' }) })];
  const transaction = before
    .transaction(async (query) => {
      await query({ text: 'CREATE ROLE made_in_vain' });
      await query({ text: 'SELECT pg_sleep(15)' });
    })
    .catch((error: unknown) => error);
  const [{ pid } = { pid: 0 }] = await other.query<{ pid: number }>({ text: 'SELECT pg_backend_pid() AS pid' });
  await eventually(
    async () => (await superuser(`SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'`)).length === 1,
  );

  expect(await fence((sql) => mine.query(sql), { applicationName: 'studio-operator/mine' })).toBe(1);

  expect(await superuser(`SELECT FROM pg_stat_activity WHERE application_name = 'studio-operator/before'`)).toEqual([]);
  expect(await transaction).toBeInstanceOf(Unavailable);
  expect(await other.query({ text: 'SELECT pg_backend_pid() AS pid' })).toEqual([{ pid }]);
  expect(await superuser(`SELECT FROM pg_roles WHERE rolname = 'made_in_vain'`)).toEqual([]);
  await Promise.all([before.end(), mine.end(), other.end()]);
});

describe('the registry of servers', () => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const registry = (objects: readonly PostgresServer[], credentials: () => string) => {
    const { username } = new URL(server.adminUrl);
    return createServers({
      kubernetes: { get: async () => ({ data: { username: base64(username), password: base64(credentials()) } }) } as never,
      caches: { servers: { get: (name: string) => objects.find(({ metadata }) => metadata.name === name) } as never },
      config: { operatorNamespace: 'studio-system', createConcurrency: 2 },
      installationId: () => 'this',
      applicationName: 'studio-operator/registry',
      assertWritable: () => undefined,
      log: pino({ level: 'silent' }),
    });
  };
  const here = (): PostgresServer => ({ ...aServer('here', { host: server.host, port: server.port }), status: { observedGeneration: -1 } });
  const password = (): string => new URL(server.adminUrl).password;

  test('opens a server once for all that ask', async () => {
    const servers = registry([here()], password);
    const [one, two] = await Promise.all([servers.get('here'), servers.get('here')]);
    expect(one).toBe(two);
    expect(await servers.get('here')).toBe(one);
    expect(await servers.state('here', 0)).toMatchObject({ kind: 'ready', identity: expect.stringMatching(/^system:\d+$/) });
    await servers.end();
  });

  test('says at once that a server is away while that is known, and notices when it is back', async () => {
    const servers = registry([here()], password);
    const sessions = await servers.get('here');
    await server.halt();
    await expect(sessions.control.query({ text: 'SELECT 1' })).rejects.toBeInstanceOf(Unavailable);
    await expect(servers.get('here')).rejects.toBeInstanceOf(Unavailable);
    await expect(servers.get('here')).rejects.toBeInstanceOf(Unavailable);
    await server.resume();
    expect((await servers.state('here', 0)).kind).toBe('ready');
    expect(await servers.get('here')).toBe(sessions);
    await servers.end();
  });

  test('reads the Secret again when the password is refused', async () => {
    let current = password();
    const servers = registry([here()], () => current);
    await servers.get('here');
    await superuser(`ALTER ROLE studio_admin PASSWORD 'second'`);
    await superuser(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'studio_admin'`);
    current = 'second';
    await eventually(async () => (await (await servers.get('here')).control.query({ text: 'SELECT 1' })).length === 1);
    await superuser(`ALTER ROLE studio_admin PASSWORD '${password()}'`);
    await servers.end();
  });

  test('refuses a server with another identity than the recorded one, and writes nothing on it', async () => {
    await using fresh = await freshServer();
    const moved: PostgresServer = {
      ...aServer('moved', { host: fresh.host, port: fresh.port }),
      status: { observedGeneration: 1, identity: 'system:1', operatorRole: 'studio_admin' },
    };
    const servers = registry([moved], () => new URL(fresh.adminUrl).password);
    await expect(servers.get('moved')).rejects.toMatchObject({ reason: 'IdentityChanged' });
    expect(await queryAs(withDatabase(fresh.superuserUrl, 'postgres'), `SELECT FROM pg_roles WHERE rolname = 'studio_tenant'`)).toEqual([]);
    await servers.end();
  });
});
