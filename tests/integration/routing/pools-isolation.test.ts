// Whatever happens in whatever order, an answer comes from the database of the tenant that was asked for, outside of anybody else's
// transaction, or it is an honest error. Orders are random; a failure prints the seed and the shortest order that shows it.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RoutingError } from '../../../src/routing/errors.ts';
import { createTenantPools } from '../../../src/routing/pools/tenant-pools.ts';
import type { TenantClient, TenantPools } from '../../../src/routing/pools/types.ts';
import type { Tenant } from '../../../src/routing/tenant.ts';
import { eventually } from '../../support/eventually.ts';
import { startTenantServer, type TenantServer, withGeneration } from '../../support/tenant-server.ts';

const TENANTS = 6;
let world: TenantServer;
/** As the directory would give them now. */
let current: Tenant[];
let rotating = Promise.resolve();

beforeAll(async () => {
  world = await startTenantServer(TENANTS, { settings: { max_connections: '30' } });
  current = [...world.tenants];
  for (const { databaseName } of world.tenants) {
    await world.superuser(`CREATE TABLE ghosts (name text); ALTER TABLE ghosts OWNER TO ${databaseName}`, databaseName);
  }
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const ASK = `SELECT current_database() AS name, current_user AS who, $1::text AS echo, (SELECT count(*)::int FROM ghosts) AS ghosts`;

class Own extends Error {}

const after = async (before: Promise<void>, then: () => Promise<void>): Promise<void> => {
  await before;
  await then();
};

/** The answer belongs to who asked; an error is one of ours, or the caller's own. */
const check = async (tenant: Tenant, asked: (echo: string) => Promise<Record<string, unknown> | undefined>): Promise<string> => {
  const echo = `${tenant.organizationId}-${Math.random()}`;
  try {
    const answer = await asked(echo);
    expect(answer).toEqual({ name: tenant.databaseName, who: tenant.databaseName, echo, ghosts: 0 });
    return 'answered';
  } catch (error) {
    if (error instanceof Own) return 'own';
    if (!(error instanceof RoutingError) || error.code === 'wrong_tenant') throw error;
    return error.code;
  }
};

type Operation = readonly [kind: (typeof KINDS)[number], tenant: number, ms: number];
const KINDS = [
  'query',
  'query',
  'query',
  'slow',
  'commit',
  'rollback',
  'abandon',
  'dangle',
  'kill',
  'cancel',
  'rotate',
  'rotateQuietly',
  'pause',
] as const;

const perform = async (pools: TenantPools, [kind, index, ms]: Operation): Promise<string> => {
  const tenant = current[index]!;
  const ask = async (client: Pick<TenantClient, 'query'>, echo: string) => (await client.query(ASK, [echo])).rows[0];
  switch (kind) {
    case 'query':
      return await check(tenant, async (echo) => (await pools.query(tenant, ASK, [echo])).rows[0]);
    case 'slow':
      return await check(tenant, async (echo) => (await pools.query(tenant, `${ASK} FROM pg_sleep($2)`, [echo, ms / 100])).rows[0]);
    case 'commit':
      return await check(tenant, async (echo) => await pools.transaction(tenant, async (client) => await ask(client, echo)));
    case 'rollback':
      return await check(
        tenant,
        async () =>
          await pools.transaction(tenant, async (client) => {
            await client.query(`INSERT INTO ghosts VALUES ('rolled back')`);
            throw new Own();
          }),
      );
    case 'abandon':
      return await check(
        tenant,
        async (echo) =>
          await pools.withClient(tenant, async (client) => {
            const answer = await ask(client, echo);
            await client.query('BEGIN');
            await client.query(`INSERT INTO ghosts VALUES ('abandoned')`);
            return answer;
          }),
      );
    case 'dangle':
      return await check(
        tenant,
        async (echo) =>
          await pools.withClient(tenant, async (client) => {
            const answer = await ask(client, echo);
            void client.query('SELECT pg_sleep(0.02)').catch(() => undefined);
            return answer;
          }),
      );
    case 'kill':
      await world.superuser(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${tenant.databaseName}'`);
      return kind;
    case 'cancel':
      await world.superuser(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'studio%db' AND random() < 0.3`);
      return kind;
    case 'rotate':
    case 'rotateQuietly':
      // One at a time: the server does not take two for one role at once.
      rotating = after(rotating, async () => {
        const next = await world.setPassword(tenant);
        world.secrets.set(tenant.organizationId, next);
        if (kind === 'rotate') current[index] = withGeneration(tenant, next.generation!);
      });
      await rotating;
      return kind;
    case 'pause':
      return await new Promise((resolve) => setTimeout(() => resolve(kind), ms));
    default:
      return kind satisfies never;
  }
};

describe('isolation', () => {
  it('holds under evictions, timeouts, ended sessions, new passwords and open transactions, in any order', async () => {
    const outcomes = new Map<string, number>();
    const operation = fc.tuple(fc.constantFrom(...KINDS), fc.nat(TENANTS - 1), fc.nat(20));
    const order = fc.array(fc.array(operation, { minLength: 10, maxLength: 20 }), { minLength: 6, maxLength: 8 });
    const limits = fc.record({
      maxPools: fc.integer({ min: 1, max: 4 }),
      maxConnectionsPerTenant: fc.integer({ min: 1, max: 3 }),
      maxConnectionsPerServer: fc.integer({ min: 1, max: 5 }),
      idleTimeoutMs: fc.constantFrom(20, 1_000),
      queryTimeoutMs: fc.constantFrom(100, 5_000),
      acquireTimeoutMs: fc.constantFrom(60, 3_000),
    });
    await fc.assert(
      fc.asyncProperty(limits, order, async (options, threads) => {
        const pools = createTenantPools({
          credentials: world.credentials,
          lookAgain: async ({ organizationId }) => current[organizationId - 1],
          ...options,
        });
        const all = threads.map(async (operations) => {
          for (const one of operations) {
            const outcome = await perform(pools, one);
            outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
          }
        });
        await Promise.all(all);
        // Nothing leaks: everything that is left is idle, and then nothing is.
        await eventually(() => pools.stats().connections === pools.stats().idle);
        const { connections, waiting, busy, opening, pools: open } = pools.stats();
        expect({ waiting, busy, opening }).toEqual({ waiting: 0, busy: 0, opening: 0 });
        expect(connections).toBeLessThanOrEqual(options.maxConnectionsPerServer);
        expect(open).toBeLessThanOrEqual(options.maxPools);
        await pools.close();
        expect(pools.stats()).toMatchObject({ connections: 0, pools: 0 });
        await eventually(async () => (await world.sessions()).length === 0);
      }),
      { numRuns: 12, interruptAfterTimeLimit: 70_000, markInterruptAsFailure: false },
    );
    // It would hold as well if everybody were turned away.
    expect(outcomes.get('answered') ?? 0).toBeGreaterThan(200);
    console.log('outcomes', Object.fromEntries(outcomes));
  });
});
