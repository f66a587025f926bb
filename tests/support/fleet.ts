/**
 * Many tenants at once, and whether each of them is whole: for tests that take something away in the middle of the work.
 * Separate from studio.ts, which speaks of one tenant at a time.
 */
import { expect } from 'vitest';

import { STUDIO_TENANT } from '../../src/api/resources.ts';
import type { StudioTenant } from '../../src/api/studio-tenant.ts';
import { eventually } from './eventually.ts';
import { isSettled, type Studio, TENANTS } from './studio.ts';

/** For all of them together, on a busy machine. */
const FLEET_TIMEOUT_MS = 150_000;

export function namesOf(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
}

export async function applyTenants(studio: Studio, names: readonly string[], spec: object = {}): Promise<void> {
  await Promise.all(names.map((name) => studio.applyTenant(name, spec)));
}

/** One list for all, so that waiting costs the API server little. */
export async function allSettled(studio: Studio, names: readonly string[]): Promise<readonly StudioTenant[]> {
  return await eventually(
    async () => {
      const { items } = await studio.cluster.api.list<StudioTenant>(STUDIO_TENANT, { namespace: TENANTS });
      const settled = items.filter(
        (tenant) => names.includes(tenant.metadata.name) && isSettled(tenant) && tenant.status?.phase === 'Ready',
      );
      if (settled.length === names.length) return settled;
      const others = items.filter((tenant) => !settled.includes(tenant)).map(({ metadata, status }) => [metadata.name, status]);
      throw new Error(`${settled.length} of ${names.length} are settled; not: ${JSON.stringify(others)}`);
    },
    { timeoutMs: FLEET_TIMEOUT_MS, intervalMs: 200 },
  );
}

/** The middle of the work: some databases are there. */
export async function someDatabases(studio: Studio, atLeast: number): Promise<void> {
  await eventually(
    async () => {
      const [row] = await studio.superuser("SELECT count(*)::int AS n FROM pg_database WHERE datname LIKE 'studio\\_%'");
      // The master database has such a name, too.
      return Number(row?.['n']) - 1 >= atLeast;
    },
    { timeoutMs: FLEET_TIMEOUT_MS },
  );
}

/** Each once and whole, nothing beside them, and the Secret's password works. `names`: all tenants there are. */
export async function expectWhole(studio: Studio, names: readonly string[]): Promise<void> {
  const rows = await studio.master("SELECT id, name FROM organizations WHERE status = 'active' ORDER BY id");
  expect(rows.map(({ name }) => String(name)).toSorted()).toEqual([...names].toSorted());
  const databases = rows.map(({ id }) => `studio_${Number(id)}_db`);
  expect(
    await column(studio, "SELECT datname AS name FROM pg_database WHERE datname ~ '^studio_' AND datname <> 'studio_platform_master'"),
  ).toEqual(databases.toSorted());
  expect(await column(studio, "SELECT rolname AS name FROM pg_roles WHERE rolname ~ '^studio_[0-9]+_db'")).toEqual(
    databases.flatMap((name) => [name, `${name}_owner`]).toSorted(),
  );
  expect(await studio.master('SELECT count(*)::int AS n FROM subscriptions')).toEqual([{ n: names.length }]);
  for (const name of names) expect(await studio.asTenant(name, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
}

async function column(studio: Studio, sql: string): Promise<readonly unknown[]> {
  return (await studio.superuser(sql)).map(({ name }) => String(name)).toSorted();
}
