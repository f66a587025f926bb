// The broker over connections that are only pretended, so that thousands of tenants and every order of events cost nothing.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Access } from '../../../../src/routing/pools/access.ts';
import { Broker } from '../../../../src/routing/pools/broker.ts';
import type { Pooled } from '../../../../src/routing/pools/bucket.ts';
import type { Connection } from '../../../../src/routing/pools/connection.ts';
import { HeldCredentials } from '../../../../src/routing/pools/held-credentials.ts';
import { Opener } from '../../../../src/routing/pools/opener.ts';
import { DEFAULT_LIMITS, type Limits } from '../../../../src/routing/pools/options.ts';
import type { Tenant } from '../../../../src/routing/tenant.ts';

const tenantAt = (organizationId: number): Tenant => ({
  organizationId,
  subdomain: `t${organizationId}`,
  displayName: '',
  state: 'active',
  databaseName: `studio_${organizationId}_db`,
  server: { name: 'main', host: 'server', port: 5432 },
  schema: undefined,
  credentials: { namespace: 'n', name: 's', generation: 1 },
});

/** As much of a Connection as the broker touches. */
class Pretended {
  readonly access: Access;
  readonly #listeners: (() => void)[] = [];
  readonly #onClose: () => void;
  lost: Error | undefined;
  expired: Error | undefined;
  clean = true;

  constructor(access: Access, onClose: () => void) {
    this.access = access;
    this.#onClose = onClose;
  }

  get sendable(): boolean {
    return this.lost === undefined;
  }

  onLost(listener: () => void): void {
    this.#listeners.push(listener);
  }

  lose(): void {
    this.lost = new Error('lost');
    for (const listener of this.#listeners) listener();
  }

  statementMs(): number {
    return 0;
  }

  async close(): Promise<void> {
    await Promise.resolve();
    this.lost ??= new Error('closed');
    this.#onClose();
  }

  async destroy(): Promise<void> {
    this.lost ??= new Error('destroyed');
  }
}

interface World {
  readonly broker: Broker;
  readonly live: Set<Pretended>;
  most: number;
  opened: number;
}

const worldWith = (limits: Partial<Limits>, fails: () => boolean = () => false): World => {
  const live = new Set<Pretended>();
  const emit = (): void => undefined;
  const credentials = new HeldCredentials(
    { get: async ({ databaseName }) => ({ username: databaseName, password: 'p', database: databaseName }) },
    1_000,
  );
  const world: World = {
    live,
    most: 0,
    opened: 0,
    broker: new Broker({
      limits: { ...DEFAULT_LIMITS, ...limits },
      emit,
      opener: new Opener({ credentials, acquireTimeoutMs: 5_000, lookAgain: undefined, emit }),
      open: async (access) => {
        const connection = new Pretended(access, () => live.delete(connection));
        live.add(connection);
        world.most = Math.max(world.most, live.size);
        world.opened += 1;
        await Promise.resolve();
        if (fails()) {
          live.delete(connection);
          throw new Error('no answer');
        }
        return connection as unknown as Connection;
      },
    }),
  };
  return world;
};

const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));
const databaseOf = (pooled: Pooled): string => pooled.connection.access.database;

describe('the broker', () => {
  it('serves a thousand tenants that wake at once with four places, in order, opening one connection each', async () => {
    const world = worldWith({ maxConnectionsPerServer: 4, maxWaiting: 5_000 });
    const order: number[] = [];
    const tenants = Array.from({ length: 1_000 }, (_, index) => tenantAt(index + 1));
    await Promise.all(
      tenants.map(async (tenant) => {
        const pooled = await world.broker.acquire(tenant);
        expect(databaseOf(pooled)).toBe(tenant.databaseName);
        await turn();
        order.push(tenant.organizationId);
        world.broker.release(pooled);
      }),
    );
    expect(world).toMatchObject({ most: 4, opened: 1_000 });
    for (const [position, organizationId] of order.entries()) expect(Math.abs(position + 1 - organizationId)).toBeLessThanOrEqual(8);
    expect([...world.broker.buckets].length).toBeLessThanOrEqual(4);
  });

  it('does not take a connection from one tenant for another that has some, only to give it back with a login each', async () => {
    const world = worldWith({ maxConnectionsPerServer: 60 });
    const tenants = Array.from({ length: 50 }, (_, index) => tenantAt(index + 1));
    const REQUESTS = 3_000;
    let dice = 42;
    const next = (): Tenant => {
      dice = (dice * 1_103_515_245 + 12_345) % 2_147_483_648;
      return tenants[Math.floor((dice / 2_147_483_648) * tenants.length)]!;
    };
    let sent = 0;
    const client = async (): Promise<void> => {
      for (; sent < REQUESTS; sent += 1) {
        const pooled = await world.broker.acquire(next());
        await turn();
        world.broker.release(pooled);
      }
    };
    await Promise.all(Array.from({ length: 64 }, client));
    expect(world.most).toBeLessThanOrEqual(60);
    expect(world.opened).toBeLessThan(REQUESTS / 5);
    // What rests is given to whoever waits: with a moment between, a tenant gets more than one.
    const four = Promise.all(Array.from({ length: 4 }, async () => await world.broker.acquire(tenants[0]!)));
    for (let moment = 0; moment < 20; moment += 1) {
      world.broker.sweep(performance.now() + 1_000);
      await turn();
    }
    expect(new Set(await four).size).toBe(4);
  });

  it('gives nobody a connection that somebody else has, and refuses one that comes back twice', async () => {
    const world = worldWith({ maxConnectionsPerTenant: 2 });
    const [one, two] = await Promise.all([world.broker.acquire(tenantAt(1)), world.broker.acquire(tenantAt(1))]);
    expect(one).not.toBe(two);
    world.broker.release(one);
    expect(() => world.broker.release(one)).toThrow('twice');
    world.broker.release(two);
  });

  it('keeps its books in any order of events: never a place too many, never a connection of another, nobody forgotten', async () => {
    const step = fc.tuple(
      fc.constantFrom('acquire', 'acquire', 'acquire', 'release', 'release', 'lose', 'soil', 'move', 'sweep', 'turn'),
      fc.nat(5),
      fc.nat(),
    );
    const limits = fc.record({
      maxPools: fc.integer({ min: 1, max: 4 }),
      maxConnectionsPerTenant: fc.integer({ min: 1, max: 3 }),
      maxConnectionsPerServer: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(limits, fc.array(step, { minLength: 20, maxLength: 120 }), fc.integer(), async (some, steps, seed) => {
        let dice = seed;
        const fails = (): boolean => {
          dice = (dice * 1_103_515_245 + 12_345) % 2_147_483_648;
          return Math.abs(dice) % 17 === 0;
        };
        const world = worldWith({ ...some, idleTimeoutMs: 1 }, fails);
        const tenants = Array.from({ length: 6 }, (_, index) => tenantAt(index + 1));
        const held = new Set<Pooled>();
        const all: Promise<void>[] = [];
        const take = async (tenant: Tenant): Promise<void> => {
          const pooled = await world.broker.acquire(tenant);
          expect(databaseOf(pooled)).toBe(tenant.databaseName);
          expect(held.has(pooled)).toBe(false);
          expect(pooled.bucket.organizationId).toBe(tenant.organizationId);
          held.add(pooled);
        };
        const any = (index: number): Pooled | undefined => [...held][index % Math.max(held.size, 1)];
        const giveBack = (pooled: Pooled | undefined): void => {
          if (pooled === undefined) return;
          held.delete(pooled);
          world.broker.release(pooled);
        };
        const act = async (kind: string, tenant: number, index: number): Promise<void> => {
          const pretended = [...world.live][index % Math.max(world.live.size, 1)];
          if (kind === 'acquire') all.push(take(tenants[tenant]!));
          if (kind === 'release') giveBack(any(index));
          if (kind === 'lose') pretended?.lose();
          if (kind === 'soil' && pretended !== undefined) pretended.clean = false;
          if (kind === 'move') tenants[tenant] = { ...tenants[tenant]!, server: { name: 'other', host: `server${index % 2}`, port: 5432 } };
          if (kind === 'sweep') world.broker.sweep(performance.now() + 10);
          if (kind === 'turn') await turn();
        };
        for (const [kind, tenant, index] of steps) {
          await act(kind, tenant, index);
          for (const server of world.broker.servers) {
            expect(server.used).toBeLessThanOrEqual(some.maxConnectionsPerServer);
            expect(server.idle.size + server.closing).toBeLessThanOrEqual(server.used);
          }
          for (const bucket of world.broker.buckets) expect(bucket.size).toBeLessThanOrEqual(some.maxConnectionsPerTenant);
        }
        // Everybody who asked is served in the end.
        const served = Promise.all(all).then(() => true);
        const ended = { yet: false };
        void served.finally(() => {
          ended.yet = true;
        });
        for (let rounds = 0; !ended.yet && rounds < 3_000; rounds += 1) {
          giveBack(any(0));
          await (rounds < 500 ? turn() : new Promise((resolve) => setTimeout(resolve, 1)));
        }
        expect(await served).toBe(true);
        for (const pooled of held) giveBack(pooled);
        await world.broker.close(turn());
        expect([...world.broker.buckets]).toEqual([]);
        expect(world.live.size).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});
