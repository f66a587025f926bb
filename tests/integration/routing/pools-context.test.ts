/*
 * Connections are shared between requests, and so are hooks and providers: none of what they start may take the request
 * that happened to be first for the one it runs for.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSqlPlatform, type SqlPlatform } from '../../../dev/sql-tenants.ts';
import { createTenantRouting, currentTenant, NoCurrentTenant, tenantLogFields } from '../../../src/routing/index.ts';
import { eventually } from '../../support/eventually.ts';

const BASE_DOMAIN = 'platform.example';

let platform: SqlPlatform;
beforeAll(async () => {
  platform = await startSqlPlatform();
  await platform.addTenants(['alpha', 'beta']);
});
afterAll(async () => await platform[Symbol.asyncDispose]());

/** A driver's callback, as cursors and older libraries use it. */
type Callback = (error: Error | null, result: { readonly rows: readonly unknown[] }) => void;
interface CallbackClient {
  query(text: string, callback: Callback): void;
}

it('what a connection calls back is outside of every tenant, never of the one who made place for it', async () => {
  const seen: unknown[] = [];
  const routing = createTenantRouting({
    master: platform.applicationUrl,
    baseDomain: BASE_DOMAIN,
    credentials: {
      get: async (...parameters) => {
        seen.push(tenantLogFields());
        return await platform.credentials.get(...parameters);
      },
    },
    pools: { maxConnectionsPerServer: 1, onEvent: ({ type }) => seen.push([type, tenantLogFields()]) },
    directory: { hooks: { onQuery: () => seen.push(tenantLogFields()) } },
  });
  await routing.ready();
  // Beta's connection is opened in the moment in which alpha's gives its place back.
  const alpha = routing.run(`alpha.${BASE_DOMAIN}`, (tenant) => tenant.query('SELECT pg_sleep(0.3)'));
  await eventually(() => routing.pools.stats().busy === 1);
  const beta = routing.run(`beta.${BASE_DOMAIN}`, (tenant) =>
    tenant.withClient(
      (client) =>
        new Promise((resolve, reject) => {
          (client as unknown as CallbackClient).query('SELECT current_database() AS database', (error, result) => {
            if (error !== null && error !== undefined) return reject(error);
            try {
              resolve({ rows: result.rows, calledBackAs: currentTenant().subdomain });
            } catch (thrown) {
              resolve({ rows: result.rows, thrown });
            }
          });
        }),
    ),
  );
  await alpha;
  expect(await beta).toEqual({ rows: [{ database: 'studio_2_db' }], thrown: expect.any(NoCurrentTenant) });
  expect(routing.pools.stats().counts.opened).toBe(2);
  await routing.close();

  expect(seen.length).toBeGreaterThan(6);
  for (const each of seen) expect(Array.isArray(each) ? each[1] : each).toEqual({});
});

it('what is awaited goes on as the tenant that awaits it', async () => {
  const routing = createTenantRouting({ master: platform.applicationUrl, baseDomain: BASE_DOMAIN, credentials: platform.credentials });
  const names = await Promise.all(
    ['alpha', 'beta', 'alpha', 'beta'].map((name) =>
      routing.run(`${name}.${BASE_DOMAIN}`, async (tenant) => {
        await tenant.query('SELECT 1');
        await tenant.transaction(async (client) => await client.query('SELECT 1'));
        return currentTenant().subdomain;
      }),
    ),
  );
  expect(names).toEqual(['alpha', 'beta', 'alpha', 'beta']);
  await routing.close();
});
