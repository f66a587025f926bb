/** Whether a tenant's data is still there, and whether somebody is served from it. Separate because every deletion is judged by it. */
import { expect } from 'vitest';

import type { Studio } from '../../support/studio.ts';

/** A tenant that is served, with a row that only its database has. Returns its number. */
export async function tenantWithData(studio: Studio, name: string): Promise<number> {
  const n = (await studio.settled(name)).status?.organizationId;
  if (n === undefined) throw new Error(`${name} has no number`);
  await studio.superuser(
    `CREATE TABLE public.mark AS SELECT '${name}' AS value; GRANT SELECT ON public.mark TO studio_${n}_db`,
    `studio_${n}_db`,
  );
  return n;
}

/** The tenant reads its row, under its number, by what its Secret says. */
export async function expectServed(studio: Studio, name: string, n: number): Promise<void> {
  expect((await studio.settled(name)).status?.organizationId).toBe(n);
  expect(await studio.asTenant(name, 'SELECT value FROM public.mark')).toEqual([{ value: name }]);
}

/** `retained`, and the database is there, closed to everybody. */
export async function expectKept(studio: Studio, n: number): Promise<void> {
  expect(await studio.master('SELECT status FROM organizations WHERE id = $1', [n])).toEqual([{ status: 'retained' }]);
  expect(await studio.superuser(`SELECT datallowconn FROM pg_database WHERE datname = 'studio_${n}_db'`)).toEqual([
    { datallowconn: false },
  ]);
}
