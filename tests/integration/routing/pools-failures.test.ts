import { connect, createServer, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TenantPoolsOptions } from '../../../src/routing/pools/options.ts';
import { createTenantPools } from '../../../src/routing/pools/tenant-pools.ts';
import type { PoolEvent, TenantPools } from '../../../src/routing/pools/types.ts';
import type { Tenant, TenantState } from '../../../src/routing/tenant.ts';
import { eventually } from '../../support/eventually.ts';
import { silentServer } from '../../support/silent-server.ts';
import { startTenantServer, type TenantServer } from '../../support/tenant-server.ts';

let world: TenantServer;
let first: Tenant;
let second: Tenant;
let pools: TenantPools;
let events: PoolEvent[];

beforeAll(async () => {
  world = await startTenantServer(4);
  [first, second] = world.tenants as [Tenant, Tenant];
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});
afterEach(async () => {
  await pools.close();
});

const open = (options: Partial<TenantPoolsOptions> = {}): void => {
  events = [];
  pools = createTenantPools({ credentials: world.credentials, onEvent: (event) => events.push(event), ...options });
};
const nameOf = async (tenant: Tenant): Promise<string | undefined> =>
  (await pools.query<{ name: string }>(tenant, 'SELECT current_database() AS name')).rows[0]?.name;
const terminate = async (tenant: Tenant): Promise<void> => {
  await world.superuser(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${tenant.databaseName}'`);
};

describe('a session that the server ends', () => {
  it('while it is idle leaves the pool, and nobody notices', async () => {
    open();
    await nameOf(first);
    await terminate(first);
    await eventually(() => pools.stats().connections === 0);
    expect(events.filter(({ type }) => type === 'closed')).toMatchObject([{ reason: 'lost' }]);
    expect(await nameOf(first)).toBe('studio_1_db');
  });

  it('in the middle of a statement that is whole or not at all: it is run again, twice at most', async () => {
    open();
    await pools.query(first, 'CREATE TABLE IF NOT EXISTS runs (at timestamptz DEFAULT clock_timestamp())');
    const running = pools.query(first, 'INSERT INTO runs SELECT clock_timestamp() FROM pg_sleep(0.3)');
    await eventually(async () => (await world.sessions(first)).some(({ query }) => query.startsWith('INSERT')));
    await terminate(first);
    expect((await running).rowCount).toBe(1);
    expect((await pools.query(first, 'SELECT count(*)::int AS n FROM runs')).rows).toEqual([{ n: 1 }]);
    expect(pools.stats().counts.retried).toBe(1);
    const twice = pools.query(first, 'SELECT pg_sleep(5)');
    const outcome = twice.catch((error: unknown) => error);
    for (let round = 1; round <= 3; round += 1) {
      await eventually(async () => (await world.sessions(first)).some(({ state, query }) => state === 'active' && query.includes('(5)')));
      await terminate(first);
    }
    expect(await outcome).toMatchObject({ code: 'tenant_unavailable', cause: { code: '57P01' } });
    expect(pools.stats().counts.retried).toBe(3);
  });

  it('in the middle of something that may have been done in part: it is not run again', async () => {
    open();
    for (const text of ['CALL nothing()', 'DO $$ BEGIN PERFORM pg_sleep(5); END $$', 'SELECT 1; SELECT pg_sleep(5)']) {
      await pools.query(first, 'CREATE OR REPLACE PROCEDURE nothing() LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(5); END $$');
      const running = pools.query(first, text);
      const outcome = running.catch((error: unknown) => error);
      await eventually(async () => (await world.sessions(first)).some(({ query, state }) => query === text && state === 'active'));
      await terminate(first);
      expect(await outcome).toMatchObject({ code: 'tenant_unavailable', cause: { code: '57P01' } });
    }
    expect(pools.stats().counts.retried).toBe(0);
  });

  it('before BEGIN is answered: begins again elsewhere; in the middle of a transaction: says so, and runs the work once', async () => {
    open();
    let runs = 0;
    const work = pools.transaction(first, async (client) => {
      runs += 1;
      await client.query('SELECT pg_sleep(5)');
    });
    const outcome = work.catch((error: unknown) => error);
    await eventually(async () => (await world.sessions(first)).some(({ query, state }) => query.includes('(5)') && state === 'active'));
    await terminate(first);
    expect(await outcome).toMatchObject({ code: 'tenant_unavailable', cause: { code: '57P01' } });
    expect(runs).toBe(1);
    expect(await nameOf(first)).toBe('studio_1_db');
  });

  it('is not mixed up with a statement’s own error of the same code', async () => {
    open();
    const raise = `DO $$ BEGIN RAISE EXCEPTION 'mine' USING ERRCODE = '57P01'; END $$`;
    await expect(pools.query(first, raise)).rejects.toMatchObject({ message: 'mine', code: '57P01' });
    await pools.query(
      first,
      `CREATE OR REPLACE FUNCTION mine() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'mine' USING ERRCODE = '57P01'; END $$`,
    );
    await expect(pools.query(first, 'SELECT mine()')).rejects.toMatchObject({ message: 'mine' });
    await expect(pools.withClient(first, async (client) => await client.query('SELECT mine()'))).rejects.toMatchObject({ message: 'mine' });
    expect(pools.stats()).toMatchObject({ connections: 1, counts: { retried: 0, opened: 1 } });
  });

  it('under load is seen by nobody who only reads', async () => {
    open();
    const running = { stop: false };
    let served = 0;
    const load = Promise.all(
      Array.from({ length: 16 }, async (_, index) => {
        const tenant = world.tenants[index % 4]!;
        while (!running.stop) {
          expect(await nameOf(tenant)).toBe(tenant.databaseName);
          served += 1;
        }
      }),
    );
    load.catch(() => undefined); // reported where it is awaited
    for (let round = 0; round < 10; round += 1) {
      const until = served + 50;
      await eventually(() => served >= until);
      await world.superuser(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'studio%db' AND random() < 0.7`);
    }
    running.stop = true;
    await load;
  });
});

describe('a statement that takes too long', () => {
  it('is given up, its connection is closed, and the server stops working on it', async () => {
    open({ queryTimeoutMs: 200 });
    const outcome = await pools.query(first, 'SELECT pg_sleep(30)').catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: 'tenant_unavailable', cause: { message: 'a statement took longer than 200 ms' } });
    await eventually(async () => (await world.sessions(first)).length === 0, { timeoutMs: 5_000 });
    expect(pools.stats()).toMatchObject({ connections: 0, busy: 0 });
    expect(await nameOf(first)).toBe('studio_1_db');
    // A loan can have more time, and less.
    await pools.withClient(first, async (client) => await client.query('SELECT pg_sleep(0.6)'), { queryTimeoutMs: 20_000 });
    await expect(
      pools.transaction(first, async (client) => await client.query('SELECT pg_sleep(30)'), { queryTimeoutMs: 50 }),
    ).rejects.toMatchObject({ code: 'tenant_unavailable' });
  });
});

describe('a server', () => {
  it('that is away for a moment is waited for', async () => {
    open();
    await nameOf(first);
    await world.server.halt();
    const requests = Promise.all([nameOf(first), nameOf(second), nameOf(first)]);
    await eventually(() => events.filter(({ type }) => type === 'failed').length > 2);
    await world.server.resume();
    expect(await requests).toEqual(['studio_1_db', 'studio_2_db', 'studio_1_db']);
  });

  it('that crashes in the middle of work is answered honestly, and served from again when it is back', async () => {
    open({ acquireTimeoutMs: 20_000 });
    await pools.query(first, 'CREATE TABLE IF NOT EXISTS kept (n int)');
    const writing = pools.query(first, 'INSERT INTO kept SELECT 1 FROM pg_sleep(5)');
    const committing = pools.transaction(first, async (client) => await client.query('SELECT pg_sleep(5)'));
    const outcomes = Promise.allSettled([writing, committing]);
    await eventually(async () => (await world.sessions(first)).filter(({ query }) => query.includes('(5)')).length === 2);
    await world.server.crash();
    expect((await outcomes).map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as { code: string }).code : 'done'))).toEqual(
      ['tenant_unavailable', 'tenant_unavailable'],
    );
    const next = nameOf(first);
    await world.server.resume();
    expect(await next).toBe('studio_1_db');
  });

  it('that stays away is waited for once; then everybody is told at once until it is back', async () => {
    open({ acquireTimeoutMs: 300 });
    await world.server.halt();
    await expect(nameOf(first)).rejects.toMatchObject({ code: 'tenant_unavailable', cause: { code: 'ECONNREFUSED' } });
    await eventually(async () => {
      const startedAt = performance.now();
      const outcomes = await Promise.allSettled(Array.from({ length: 50 }, async () => await nameOf(first)));
      expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
      return performance.now() - startedAt < 200;
    });
    await world.server.resume();
    await eventually(async () => await nameOf(first));
  });

  it('that takes packets and says nothing is given up on', async () => {
    open({ acquireTimeoutMs: 400, connectTimeoutMs: 100 });
    await using silent = await silentServer();
    const tenant = { ...first, server: { name: 'silent', host: '127.0.0.1', port: silent.port } };
    await expect(nameOf(tenant)).rejects.toMatchObject({ code: 'tenant_unavailable', cause: { message: 'no connection within 100 ms' } });
    await eventually(() => silent.connections() === 0 && pools.stats().connections === 0);
  });

  it('that goes silent is not waited for when its idle connections are closed', async () => {
    const sockets = new Set<{ pause(): unknown; destroy(): unknown }>();
    const proxy = createServer((client) => {
      const upstream = connect(world.server.port, '127.0.0.1');
      client.pipe(upstream).pipe(client);
      for (const socket of [client, upstream]) socket.on('error', () => undefined);
      sockets.add(client).add(upstream);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    open();
    await nameOf({ ...first, server: { name: 'main', host: '127.0.0.1', port: (proxy.address() as AddressInfo).port } });
    for (const socket of sockets) socket.pause();
    await pools.close();
    expect(pools.stats().connections).toBe(0);
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });

  it('with fewer connections than we were told makes people wait, and nobody sees "too many clients"', async () => {
    await using small = await startTenantServer(8, { settings: { max_connections: '12', superuser_reserved_connections: '3' } });
    open({ credentials: small.credentials, acquireTimeoutMs: 20_000 });
    const work = Array.from({ length: 400 }, async (_, index) => {
      const tenant = small.tenants[index % 8]!;
      const { rows } = await pools.query<{ name: string }>(tenant, 'SELECT current_database() AS name FROM pg_sleep(0.005)');
      expect(rows[0]?.name).toBe(tenant.databaseName);
    });
    await Promise.all(work);
    // The test means something only if the server did refuse.
    expect(events.some((event) => event.type === 'failed' && (event.error as { code?: string }).code === '53300')).toBe(true);
  });

  it('that gives a login fewer connections than we want serves it with those', async () => {
    await using small = await startTenantServer(1, {}, { connectionLimit: 2 });
    open({ credentials: small.credentials });
    await Promise.all(Array.from({ length: 60 }, async () => await pools.query(small.tenants[0]!, 'SELECT pg_sleep(0.005)')));
    expect(pools.stats().counts.overloaded).toBe(0);
    expect(events.some((event) => event.type === 'failed' && (event.error as { code?: string }).code === '53300')).toBe(true);
  });
});

describe('a tenant whose database lets nobody in', () => {
  const cases: readonly [string, TenantState, number, string, string][] = [
    ['NOLOGIN', 'suspended', 403, 'ALTER ROLE studio_3_db NOLOGIN', 'ALTER ROLE studio_3_db LOGIN'],
    [
      'no connections',
      'retained',
      410,
      'ALTER DATABASE studio_3_db ALLOW_CONNECTIONS false',
      'ALTER DATABASE studio_3_db ALLOW_CONNECTIONS true',
    ],
    [
      'no right to connect',
      'failed',
      503,
      'ALTER DATABASE studio_3_db OWNER TO postgres',
      'ALTER DATABASE studio_3_db OWNER TO studio_3_db',
    ],
    ['another name', 'provisioning', 503, 'ALTER DATABASE studio_3_db RENAME TO away', 'ALTER DATABASE away RENAME TO studio_3_db'],
    ['another role', 'suspended', 403, 'ALTER ROLE studio_3_db RENAME TO away', 'ALTER ROLE away RENAME TO studio_3_db'],
  ];

  for (const [what, state, httpStatus, close, reopen] of cases) {
    it(`(${what}) is answered by the state that the directory gives: ${state}`, async () => {
      const third = world.tenants[2]!;
      const looks: Tenant[] = [];
      open({
        lookAgain: async (tenant) => {
          looks.push(tenant);
          return { ...tenant, state };
        },
      });
      await nameOf(third);
      await terminate(third);
      await eventually(() => pools.stats().connections === 0);
      await world.superuser(close);
      try {
        const outcomes = await Promise.allSettled(Array.from({ length: 10 }, async () => await nameOf(third)));
        for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'tenant_not_served', state, httpStatus } });
        expect(looks).toEqual([third]);
        await expect(pools.transaction(third, async () => undefined)).rejects.toMatchObject({ code: 'tenant_not_served', state });
      } finally {
        await world.superuser(reopen);
        // Renaming a role keeps its SCRAM verifier.
      }
      await eventually(async () => await nameOf(third));
    });
  }

  it('and that the directory does not know any more is gone: 410', async () => {
    open({ lookAgain: async () => undefined });
    await world.superuser('ALTER ROLE studio_3_db NOLOGIN');
    await expect(nameOf(world.tenants[2]!)).rejects.toMatchObject({ code: 'tenant_not_served', state: 'deleted', httpStatus: 410 });
    await world.superuser('ALTER ROLE studio_3_db LOGIN');
  });

  it('but is active is tried on, also when the directory gives no answer', async () => {
    const third = world.tenants[2]!;
    let asked = 0;
    open({
      lookAgain: async (tenant) => {
        asked += 1;
        if (asked === 1) throw new Error('no master database');
        return tenant;
      },
    });
    await world.superuser('ALTER ROLE studio_3_db NOLOGIN');
    const request = nameOf(third);
    await eventually(() => asked > 1);
    await world.superuser('ALTER ROLE studio_3_db LOGIN');
    expect(await request).toBe('studio_3_db');
  });

  it('without a directory to ask is unavailable', async () => {
    open();
    await world.superuser('ALTER ROLE studio_3_db NOLOGIN');
    await expect(nameOf(world.tenants[2]!)).rejects.toMatchObject({ code: 'tenant_unavailable', cause: { code: '28000' } });
    await world.superuser('ALTER ROLE studio_3_db LOGIN');
  });

  it('because it moved is found at its new address, by a request that still had the old one', async () => {
    await using elsewhere = await startTenantServer(1);
    const moved = elsewhere.tenants[0]!;
    open({
      lookAgain: async () => moved,
      credentials: { get: async ({ server }) => (server.port === moved.server.port ? elsewhere : world).secrets.get(1)! },
    });
    const portOf = async (tenant: Tenant): Promise<unknown> =>
      (await pools.query(tenant, 'SELECT inet_server_port() AS port')).rows[0]?.['port'];
    expect(await portOf(first)).toBe(world.server.port);
    await world.superuser('ALTER DATABASE studio_1_db ALLOW_CONNECTIONS false');
    await terminate(first);
    try {
      expect(await Promise.all([portOf(first), portOf(first)])).toEqual([moved.server.port, moved.server.port]);
      expect(await portOf(moved)).toBe(moved.server.port);
      // What a request knew before the move does not move it back, not even for an attempt.
      const { opened, failed } = pools.stats().counts;
      expect(await portOf(first)).toBe(moved.server.port);
      expect(pools.stats().counts).toMatchObject({ opened, failed });
      expect(pools.stats().servers.filter(({ connections }) => connections > 0)).toHaveLength(1);
    } finally {
      await world.superuser('ALTER DATABASE studio_1_db ALLOW_CONNECTIONS true');
    }
  });

  it('is not reached by connections of the old address after the directory’s news', async () => {
    await using elsewhere = await startTenantServer(1);
    const moved = elsewhere.tenants[0]!;
    open({ credentials: { get: async ({ server }) => (server.port === moved.server.port ? elsewhere : world).secrets.get(1)! } });
    const portOf = async (tenant: Tenant): Promise<unknown> =>
      (await pools.query(tenant, 'SELECT inet_server_port() AS port')).rows[0]?.['port'];
    await Promise.all([portOf(first), portOf(first), portOf(first)]);
    await pools.withClient(first, async () => {
      expect(await portOf(moved)).toBe(moved.server.port);
    });
    expect(await Promise.all([portOf(moved), portOf(moved)])).toEqual([moved.server.port, moved.server.port]);
    await eventually(async () => (await world.sessions(first)).length === 0);
  });
});
