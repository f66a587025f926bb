import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTenantPools } from '../../../src/routing/pools/tenant-pools.ts';
import type { PoolEvent, TenantPools } from '../../../src/routing/pools/types.ts';
import type { Tenant } from '../../../src/routing/tenant.ts';
import { eventually } from '../../support/eventually.ts';
import { type PgBouncer, pgBouncerProgram, pgBouncerVersion, startPgBouncer } from '../../support/pgbouncer.ts';
import { startTenantServer, type TenantServer } from '../../support/tenant-server.ts';

const program = pgBouncerProgram();
if (program === undefined) console.log('skipped: there is no program pgbouncer on this machine (Debian: apt-get install pgbouncer)');

describe.skipIf(program === undefined)('through PgBouncer in transaction mode', () => {
  let world: TenantServer;
  let bouncer: PgBouncer;
  let tenants: readonly Tenant[];
  let pools: TenantPools;
  let events: PoolEvent[];

  beforeAll(async () => {
    console.log(pgBouncerVersion(program!));
    world = await startTenantServer(4);
    await world.superuser(`CREATE ROLE pooler SUPERUSER LOGIN PASSWORD 'pooler'`);
    bouncer = await startPgBouncer(program!, { port: world.server.port, authUser: { name: 'pooler', password: 'pooler' } });
    tenants = world.tenants.map((tenant) => ({ ...tenant, server: { name: 'main', host: '127.0.0.1', port: bouncer.port } }));
  });
  afterAll(async () => {
    await bouncer[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    await pools.close();
  });
  const open = (options = {}): void => {
    events = [];
    pools = createTenantPools({ credentials: world.credentials, onEvent: (event) => events.push(event), ...options });
  };
  const ask = `SELECT current_database() AS name, $1::int AS echo`;

  it('every answer is the tenant’s own, with more of our connections than the pooler has', async () => {
    open();
    await Promise.all(
      Array.from({ length: 400 }, async (_, index) => {
        const tenant = tenants[index % 4]!;
        expect((await pools.query(tenant, ask, [index])).rows).toEqual([{ name: tenant.databaseName, echo: index }]);
      }),
    );
    expect(pools.stats().counts).toMatchObject({ failed: 0, overloaded: 0 });
    const sessions = await world.superuser(`SELECT pid FROM pg_stat_activity WHERE usename LIKE 'studio%db'`);
    expect(sessions.length).toBeLessThanOrEqual(8);
  });

  it('transactions commit and roll back, and one that is left open is not handed on', async () => {
    open({ maxConnectionsPerTenant: 1 });
    const [tenant] = tenants as [Tenant];
    await pools.query(tenant, 'CREATE TABLE marks (name text)');
    await pools.transaction(tenant, async (client) => await client.query('INSERT INTO marks VALUES ($1)', ['kept']));
    await expect(
      pools.transaction(tenant, async (client) => {
        await client.query(`INSERT INTO marks VALUES ('rolled back')`);
        throw new Error('of the work');
      }),
    ).rejects.toThrow('of the work');
    await pools.withClient(tenant, async (client) => {
      await client.query('BEGIN');
      await client.query(`INSERT INTO marks VALUES ('left open')`);
    });
    expect((await pools.query(tenant, 'SELECT name FROM marks')).rows).toEqual([{ name: 'kept' }]);
  });

  it('a new password goes unnoticed', async () => {
    open({ idleTimeoutMs: 50 });
    const [tenant] = tenants as [Tenant];
    expect((await pools.query(tenant, ask, [1])).rowCount).toBe(1);
    await eventually(() => pools.stats().connections === 0);
    world.secrets.set(1, await world.setPassword(tenant));
    expect((await pools.query(tenant, ask, [2])).rows).toEqual([{ name: 'studio_1_db', echo: 2 }]);
    expect(events.some((event) => event.type === 'reread' && event.changed)).toBe(true);
  });

  it('sessions that the server ends behind it are honest errors at most, and the next request is served', async () => {
    open();
    const [tenant] = tenants as [Tenant];
    await pools.query(tenant, ask, [1]);
    await world.superuser(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'studio_1_db'`);
    const outcome = await pools.query(tenant, ask, [2]).then(
      ({ rows }) => rows,
      (error: { code?: string }) => error.code,
    );
    expect([[{ name: 'studio_1_db', echo: 2 }], 'tenant_unavailable']).toContainEqual(outcome);
    expect((await pools.query(tenant, ask, [3])).rows).toEqual([{ name: 'studio_1_db', echo: 3 }]);
  });

  it('what takes too long is cancelled on the server', async () => {
    open({ queryTimeoutMs: 200 });
    await expect(pools.query(tenants[0]!, 'SELECT pg_sleep(30)')).rejects.toMatchObject({ code: 'tenant_unavailable' });
    await eventually(async () => (await world.sessions()).every(({ query, state }) => !query.includes('(30)') || state !== 'active'), {
      timeoutMs: 5_000,
    });
  });

  it('a suspended tenant is answered as one', async () => {
    open({
      lookAgain: async (tenant: Tenant) => ({ ...tenant, state: 'suspended' as const }),
      acquireTimeoutMs: 5_000,
      connectTimeoutMs: 500,
    });
    await world.superuser('ALTER ROLE studio_4_db NOLOGIN');
    await world.superuser(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'studio_4_db'`);
    await expect(pools.query(tenants[3]!, ask, [1])).rejects.toMatchObject({
      code: 'tenant_not_served',
      state: 'suspended',
      httpStatus: 403,
    });
    await world.superuser('ALTER ROLE studio_4_db LOGIN');
  });
});
