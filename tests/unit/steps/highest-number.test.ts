import { expect, it } from 'vitest';

import type { Query } from '../../../src/clients/postgres/sql.ts';
import { HighestNumber } from '../../../src/steps/highest-number.ts';

it('asks a server once, and again after the master database was away', async () => {
  const passed: unknown[] = [];
  const master: Query = (sql) => {
    passed.push(sql.values?.[0]);
    return Promise.resolve([]);
  };
  const query = <R>(): Promise<readonly R[]> => Promise.resolve([{ name: 'studio_7_db' }, { name: 'studio_12_db' }] as R[]);
  const sessions = { name: 'main', control: { query } } as unknown as Parameters<HighestNumber['secure']>[0];
  const numbers = new HighestNumber();

  await numbers.secure(sessions, master);
  await numbers.secure(sessions, master);
  expect(passed).toEqual([12]);

  numbers.forget();
  await numbers.secure(sessions, master);
  expect(passed).toEqual([12, 12]);
});
