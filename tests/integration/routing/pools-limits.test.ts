import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTenantPools } from '../../../src/routing/pools/tenant-pools.ts';
import type { TenantPoolsOptions } from '../../../src/routing/pools/options.ts';
import type { PoolEvent, TenantPools } from '../../../src/routing/pools/types.ts';
import type { Tenant } from '../../../src/routing/tenant.ts';
import { eventually } from '../../support/eventually.ts';
import { silentServer } from '../../support/silent-server.ts';
import { startTenantServer, type TenantServer } from '../../support/tenant-server.ts';

let world: TenantServer;
let tenants: readonly Tenant[];
let pools: TenantPools;
let events: PoolEvent[];

beforeAll(async () => {
  world = await startTenantServer(12);
  ({ tenants } = world);
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
const reasons = (): string[] => events.flatMap((event) => (event.type === 'closed' ? [event.reason] : []));
const gate = (): { readonly opened: Promise<void>; open: () => void } => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
};
const NAME = 'SELECT current_database() AS name';
const nameOf = async (tenant: Tenant): Promise<string | undefined> => (await pools.query<{ name: string }>(tenant, NAME)).rows[0]?.name;

describe('limits', () => {
  it('hold per tenant: more requests wait for those connections, first come first served', async () => {
    open({ maxConnectionsPerTenant: 2 });
    const order: number[] = [];
    const work = Array.from({ length: 20 }, async (_, index) => {
      await pools.query(tenants[0]!, 'SELECT pg_sleep(0.01)');
      order.push(index);
    });
    await eventually(async () => (await world.sessions(tenants[0])).length === 2);
    await Promise.all(work);
    expect(pools.stats().counts.opened).toBe(2);
    // Two at a time: nobody is overtaken by more than the other connection.
    for (const [position, index] of order.entries()) expect(Math.abs(position - index)).toBeLessThanOrEqual(1);
  });

  it('hold per server, over all its tenants, and an idle connection goes for whoever waits: the least recently used', async () => {
    open({ maxConnectionsPerServer: 3 });
    for (const tenant of tenants.slice(0, 3)) await nameOf(tenant);
    await nameOf(tenants[0]!);
    expect(await nameOf(tenants[3]!)).toBe('studio_4_db');
    expect(events.filter(({ type }) => type === 'closed')).toEqual([
      { type: 'closed', organizationId: 2, server: `127.0.0.1:${world.server.port}`, reason: 'yielded' },
    ]);
    expect(pools.stats()).toMatchObject({ connections: 3, idle: 3 });
    expect((await world.sessions()).map(({ datname }) => datname).toSorted()).toEqual(['studio_1_db', 'studio_3_db', 'studio_4_db']);
  });

  it('turn away at once who comes when too many wait, of one tenant or of all', async () => {
    open({ maxConnectionsPerTenant: 1, maxWaitingPerTenant: 3, maxWaiting: 5 });
    const held = gate();
    const holders = tenants.slice(0, 3).map(async (tenant) => await pools.withClient(tenant, async () => await held.opened));
    await eventually(() => pools.stats().busy === 3);
    const waiting = [0, 0, 0, 1, 1].map(async (index) => await nameOf(tenants[index]!));
    await expect(nameOf(tenants[0]!)).rejects.toMatchObject({ code: 'overloaded', httpStatus: 503, retryAfterSeconds: 1 });
    await expect(nameOf(tenants[1]!)).rejects.toMatchObject({ code: 'overloaded' });
    await expect(nameOf(tenants[4]!)).rejects.toMatchObject({ code: 'overloaded' });
    expect(pools.stats()).toMatchObject({ waiting: 5, counts: { overloaded: 3 } });
    held.open();
    expect(await Promise.all(waiting)).toEqual(['studio_1_db', 'studio_1_db', 'studio_1_db', 'studio_2_db', 'studio_2_db']);
    await Promise.all(holders);
  });

  it('end the waiting after acquireTimeoutMs as Overloaded', async () => {
    open({ maxConnectionsPerTenant: 1, acquireTimeoutMs: 1_500 });
    const held = gate();
    const holder = pools.withClient(tenants[0]!, async () => await held.opened);
    await eventually(() => pools.stats().busy === 1);
    await expect(nameOf(tenants[0]!)).rejects.toMatchObject({ code: 'overloaded' });
    held.open();
    await holder;
    expect(await nameOf(tenants[0]!)).toBe('studio_1_db');
  });

  it('close the least recently used of more than maxPools pools, never one with work', async () => {
    open({ maxPools: 3 });
    const held = gate();
    const holder = pools.withClient(tenants[0]!, async () => await held.opened);
    await eventually(() => pools.stats().busy === 1);
    for (const index of [1, 2, 1, 3]) await nameOf(tenants[index]!);
    expect(pools.stats().pools).toBe(3);
    await eventually(() => reasons().length === 1);
    expect(events.filter(({ type }) => type === 'closed')).toMatchObject([{ organizationId: 3, reason: 'evicted' }]);
    held.open();
    await holder;
    await eventually(
      async () =>
        (await world.sessions())
          .map(({ datname }) => datname)
          .toSorted()
          .join() === 'studio_1_db,studio_2_db,studio_4_db',
    );
    // Who comes back is served, from credentials that were kept.
    const reads = world.credentials.reads.get(3);
    expect(await nameOf(tenants[2]!)).toBe('studio_3_db');
    expect(world.credentials.reads.get(3)).toBe(reads);
  });

  it('give idle connections back and forget the pools', async () => {
    open({ idleTimeoutMs: 200 });
    await Promise.all(tenants.slice(0, 5).map(nameOf));
    await eventually(async () => (await world.sessions()).length === 0 && pools.stats().pools === 0);
    expect(new Set(reasons())).toEqual(new Set(['idle']));
    expect(await nameOf(tenants[0]!)).toBe('studio_1_db');
  });

  it('refuse numbers that are no limits', () => {
    for (const value of [0, -1, Number.NaN, 1.5, Infinity]) {
      expect(() => createTenantPools({ credentials: world.credentials, maxPools: value })).toThrow(RangeError);
    }
    expect(() => createTenantPools({ credentials: world.credentials, idleTimeoutMs: 2 ** 31 })).toThrow(RangeError);
    open();
  });
});

describe('fairness', () => {
  it('lets a tenant in that comes while another keeps every place busy', async () => {
    open({ maxConnectionsPerServer: 4 });
    const running = { stop: false };
    let greedy = 0;
    const loops = Array.from({ length: 40 }, async () => {
      while (!running.stop) {
        await pools.query(tenants[0]!, 'SELECT pg_sleep(0.005)');
        greedy += 1;
      }
    });
    await eventually(() => greedy > 50);
    const before = greedy;
    for (let round = 0; round < 10; round += 1) expect(await nameOf(tenants[1]!)).toBe('studio_2_db');
    await eventually(() => greedy > before);
    running.stop = true;
    await Promise.all(loops);
    expect(pools.stats().counts).toMatchObject({ failed: 0, overloaded: 0 });
  });

  it('shares the places between two busy tenants without trading them back and forth', async () => {
    open({ maxConnectionsPerServer: 4 });
    const running = { stop: false };
    const done = [0, 0];
    const loops = Array.from({ length: 40 }, async (_, index) => {
      while (!running.stop) {
        await pools.query(tenants[index % 2]!, 'SELECT pg_sleep(0.005)');
        done[index % 2]! += 1;
      }
    });
    await eventually(() => Math.min(...done) > 100);
    running.stop = true;
    await Promise.all(loops);
    expect(pools.stats().counts.opened).toBeLessThanOrEqual(12);
  });

  it('serves every one of many tenants that wake at once, with fewer places than tenants', async () => {
    open({ maxConnectionsPerServer: 2, maxPools: 3 });
    const all = Array.from({ length: 120 }, (_, index) => tenants[index % tenants.length]!);
    const names = await Promise.all(all.map(nameOf));
    expect(names).toEqual(all.map(({ databaseName }) => databaseName));
    expect((await world.sessions()).length).toBeLessThanOrEqual(2);
    // One login per tenant is needed; that few more were made shows that nobody gave a place up for nothing.
    expect(pools.stats().counts.opened).toBeLessThanOrEqual(2 * tenants.length);
    expect(pools.stats().pools).toBeLessThanOrEqual(3);
  });

  it('goes on when those who waited have given up', async () => {
    open({ maxConnectionsPerServer: 1, acquireTimeoutMs: 1_500 });
    const held = gate();
    const holder = pools.withClient(tenants[0]!, async () => await held.opened);
    await eventually(() => pools.stats().busy === 1);
    const outcomes = await Promise.allSettled(tenants.slice(1, 6).map(nameOf));
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'rejected'));
    expect(pools.stats()).toMatchObject({ waiting: 0, pools: 1, servers: [{ waitingTenants: 0 }] });
    held.open();
    await holder;
    await eventually(() => pools.stats().idle === 1);
    expect(pools.stats()).toMatchObject({ idle: 1, connections: 1 });
    expect(await nameOf(tenants[5]!)).toBe('studio_6_db');
  });
});

describe('closing', () => {
  it('turns waiting and new requests away, lets work finish, and leaves no session', async () => {
    open({ maxConnectionsPerTenant: 1 });
    const held = gate();
    const holder = pools.transaction(tenants[0]!, async (client) => {
      await held.opened;
      return (await client.query<{ name: string }>(NAME)).rows[0]?.name;
    });
    await eventually(() => pools.stats().busy === 1);
    const waiting = nameOf(tenants[0]!);
    await nameOf(tenants[1]!);
    const closing = pools.close();
    await expect(waiting).rejects.toMatchObject({ code: 'tenant_unavailable' });
    await expect(nameOf(tenants[0]!)).rejects.toMatchObject({ code: 'tenant_unavailable' });
    await expect(nameOf(tenants[5]!)).rejects.toMatchObject({ code: 'tenant_unavailable' });
    held.open();
    expect(await holder).toBe('studio_1_db');
    await closing;
    await eventually(async () => (await world.sessions()).length === 0);
  });

  it('does not wait for ever: work that does not end loses its connection', async () => {
    open({ closeTimeoutMs: 100 });
    const stuck = pools.query(tenants[0]!, 'SELECT pg_sleep(60)');
    await eventually(() => pools.stats().busy === 1);
    const outcome = stuck.catch((error: unknown) => error);
    await pools.close();
    expect(await outcome).toMatchObject({ code: 'tenant_unavailable' });
    await world.superuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'studio%db'");
  });

  it('ends attempts to connect', async () => {
    open({ connectTimeoutMs: 60_000, acquireTimeoutMs: 60_000 });
    await using silent = await silentServer();
    const waiting = nameOf({ ...tenants[0]!, server: { name: 'silent', host: '127.0.0.1', port: silent.port } });
    const outcome = waiting.catch((error: unknown) => error);
    await eventually(() => silent.connections() === 1);
    await pools.close();
    expect(await outcome).toMatchObject({ code: 'tenant_unavailable' });
    await eventually(() => silent.connections() === 0);
  });
});
