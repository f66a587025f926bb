import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Credentials } from '../../../src/routing/credentials/provider.ts';
import { TenantUnavailable } from '../../../src/routing/errors.ts';
import type { TenantPoolsOptions } from '../../../src/routing/pools/options.ts';
import { createTenantPools } from '../../../src/routing/pools/tenant-pools.ts';
import type { PoolEvent, TenantPools } from '../../../src/routing/pools/types.ts';
import type { Tenant } from '../../../src/routing/tenant.ts';
import { eventually } from '../../support/eventually.ts';
import { misdirectingProxy } from '../../support/misdirecting-proxy.ts';
import { passwordAskingServer } from '../../support/password-asking-server.ts';
import { startTenantServer, withGeneration } from '../../support/tenant-server.ts';

let pools: TenantPools;
let events: PoolEvent[];
const open = (options: TenantPoolsOptions): void => {
  events = [];
  pools = createTenantPools({ onEvent: (event) => events.push(event), ...options });
};
afterEach(async () => {
  await pools.close();
});
const nameOf = async (tenant: Tenant): Promise<string | undefined> =>
  (await pools.query<{ name: string }>(tenant, 'SELECT current_database() AS name')).rows[0]?.name;
const world = await startTenantServer(4);
const [first, second] = world.tenants as [Tenant, Tenant];
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

describe('a new password', () => {
  it('that the source has already is read after the refusal, and nobody notices', async () => {
    open({ credentials: world.credentials, idleTimeoutMs: 100 });
    expect(await nameOf(first)).toBe('studio_1_db');
    await eventually(() => pools.stats().pools === 0);
    const before = world.credentials.reads.get(1) ?? 0;
    world.secrets.set(1, await world.setPassword(first));
    expect(await Promise.all([nameOf(first), nameOf(first), nameOf(first)])).toEqual(['studio_1_db', 'studio_1_db', 'studio_1_db']);
    expect((world.credentials.reads.get(1) ?? 0) - before).toBe(1);
    expect(events.filter(({ type }) => type === 'reread')).toEqual([{ type: 'reread', organizationId: 1, changed: true }]);
  });

  it('that the source learns of a little later is waited for, by one attempt at a time', async () => {
    open({ credentials: world.credentials });
    const later = await world.setPassword(first);
    const requests = Promise.all(Array.from({ length: 20 }, async () => await nameOf(first)));
    await eventually(() => events.filter(({ type }) => type === 'failed').length >= 4);
    expect(pools.stats().connections).toBeLessThanOrEqual(1);
    world.secrets.set(1, later);
    expect(await requests).toEqual(Array.from({ length: 20 }, () => 'studio_1_db'));
  });

  it('that the server learns of after the source is waited for as well', async () => {
    open({ credentials: world.credentials });
    const now = world.secrets.get(1)!;
    world.secrets.set(1, { ...now, password: `${now.password}0`, generation: now.generation! + 1 });
    const request = nameOf(first);
    await eventually(() => events.some(({ type }) => type === 'failed'));
    await world.superuser(`ALTER ROLE studio_1_db PASSWORD '${now.password}0'`);
    expect(await request).toBe('studio_1_db');
  });

  it('announced by a newer generation is read before the next connection; what the old one opened is not used again', async () => {
    open({ credentials: world.credentials });
    await nameOf(first);
    const [{ pid: before } = { pid: 0 }] = await world.sessions(first);
    const reads = world.credentials.reads.get(1) ?? 0;
    const next = await world.setPassword(first);
    world.secrets.set(1, next);
    const renewed = withGeneration(first, next.generation!);
    const both = await Promise.all([
      pools.withClient(first, async () => await nameOf(renewed)), // the old one is out while the news arrives
      nameOf(first),
    ]);
    expect(both).toEqual(['studio_1_db', 'studio_1_db']);
    expect((world.credentials.reads.get(1) ?? 0) - reads).toBe(1);
    expect(events.filter(({ type }) => type === 'failed')).toEqual([]);
    await eventually(async () => (await world.sessions(first)).every(({ pid }) => pid !== before));
    // A request that began before the change does not turn it back.
    expect(await nameOf(first)).toBe('studio_1_db');
    expect((world.credentials.reads.get(1) ?? 0) - reads).toBe(1);
  });

  it('fails no request, however many are under way and whoever learns of it first', async () => {
    open({ credentials: world.credentials, maxConnectionsPerTenant: 3, idleTimeoutMs: 50 });
    let tenant = first;
    const running = { stop: false };
    let served = 0;
    const load = Promise.all(
      Array.from({ length: 12 }, async () => {
        while (!running.stop) {
          if ((await nameOf(tenant)) !== 'studio_1_db') throw new Error('another database');
          served += 1;
        }
      }),
    );
    load.catch(() => undefined); // reported where it is awaited
    for (let round = 0; round < 8; round += 1) {
      const until = served + 60;
      await eventually(() => served >= until);
      const next = await world.setPassword(first);
      // The sessions of the old one are ended, so that every one must be opened anew.
      const kill = world.superuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'studio_1_db'");
      if (round % 2 === 0) await kill;
      world.secrets.set(1, next);
      if (round % 4 < 2) tenant = withGeneration(first, next.generation!);
      await kill;
    }
    running.stop = true;
    await load;
    expect(served).toBeGreaterThan(480);
  });

  it('that never comes ends in TenantUnavailable, with the server’s words as the cause and no password in sight', async () => {
    open({ credentials: world.credentials, acquireTimeoutMs: 300 });
    const kept = world.secrets.get(2)!;
    world.secrets.set(2, { ...kept, password: 'not-the-password-at-all' });
    const outcome = await nameOf(second).catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: 'tenant_unavailable', cause: { code: '28P01' }, retryAfterSeconds: 1 });
    // After so long a time nobody else is made to wait.
    await eventually(async () => {
      const startedAt = performance.now();
      await expect(nameOf(second)).rejects.toMatchObject({ code: 'tenant_unavailable' });
      return performance.now() - startedAt < 200;
    });
    expect(JSON.stringify([outcome, (outcome as Error).stack, events])).not.toContain('not-the-password-at-all');
    world.secrets.set(2, kept);
    await eventually(async () => await nameOf(second));
  });
});

describe('credentials', () => {
  const get = (credentials: () => Credentials | Promise<Credentials>): TenantPoolsOptions => ({
    credentials: { get: async () => await credentials() },
    acquireTimeoutMs: 300,
  });

  it('for another database are refused at once, and nothing is connected to', async () => {
    open(get(() => world.secrets.get(2)!));
    await expect(nameOf(first)).rejects.toMatchObject({ code: 'wrong_tenant', httpStatus: 500 });
    expect(await world.sessions()).toEqual([]);
  });

  it('of a user who is in another database than asked for are refused: the database is looked at, not believed', async () => {
    // A server between, as a pooler with a wrong line in its configuration: everybody ends up in tenant 2's database.
    await using proxy = await misdirectingProxy({ port: world.server.port, from: 'studio_1_db', to: 'studio_2_db' });
    await world.superuser('GRANT CONNECT ON DATABASE studio_2_db TO studio_1_db');
    open({ credentials: world.credentials });
    const misled = { ...first, server: { name: 'main', host: '127.0.0.1', port: proxy.port } };
    await expect(nameOf(misled)).rejects.toMatchObject({ code: 'wrong_tenant' });
    expect(pools.stats()).toMatchObject({ idle: 0, counts: { opened: 0 } });
    await world.superuser('REVOKE CONNECT ON DATABASE studio_2_db FROM studio_1_db');
  });

  it('that are not there yet are waited for', async () => {
    let ready = false;
    open(
      get(() => {
        if (!ready) throw new TenantUnavailable('no Secret yet');
        return world.secrets.get(1)!;
      }),
    );
    const request = nameOf(first);
    await eventually(() => events.length > 0);
    ready = true;
    expect(await request).toBe('studio_1_db');
  });

  it('that never come end the waiting, and the place of nobody is taken', async () => {
    open({ ...get(() => new Promise(() => undefined)), maxConnectionsPerServer: 1 });
    await expect(nameOf(first)).rejects.toMatchObject({ code: 'tenant_unavailable' });
    expect(pools.stats()).toMatchObject({ connections: 0 });
  });

  it('without a password are refused rather than completed from the environment', async () => {
    const environment = { ...process.env };
    Object.assign(process.env, {
      PGPASSWORD: world.secrets.get(1)!.password,
      PGUSER: 'studio_1_db',
      PGOPTIONS: '-c search_path=pg_catalog',
      PGSSLMODE: 'require',
    });
    try {
      open(get(() => ({ ...world.secrets.get(1)!, password: '' })));
      await expect(nameOf(first)).rejects.toMatchObject({ code: 'tenant_unavailable' });
      await pools.close();
      open({ credentials: world.credentials });
      expect((await pools.query(first, 'SHOW search_path')).rows).toEqual([{ search_path: '"$user", public' }]);
    } finally {
      process.env = environment;
    }
  });

  it('are never shown to a server that asks for the password itself', async () => {
    for (const method of ['cleartext', 'md5'] as const) {
      await using greedy = await passwordAskingServer(method);
      open({ credentials: world.credentials, acquireTimeoutMs: 200 });
      const tenant = { ...first, server: { name: 'greedy', host: '127.0.0.1', port: greedy.port } };
      await expect(nameOf(tenant)).rejects.toMatchObject({ code: 'tenant_unavailable' });
      expect(greedy.startUps.length).toBeGreaterThan(0);
      expect(greedy.heard()).not.toContain(world.secrets.get(1)!.password);
      // And nothing else is sent at the start than what every pooler takes.
      for (const parameters of greedy.startUps) {
        expect(parameters).toEqual({
          user: 'studio_1_db',
          database: 'studio_1_db',
          application_name: 'studio-routing',
          client_encoding: 'UTF8',
        });
      }
      await pools.close();
    }
  });
});
