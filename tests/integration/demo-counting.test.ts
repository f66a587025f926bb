// What the benchmarks count, on a real server: as many statements and connections as were made, whoever made them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countEntries, LOG_SETTINGS, readPostgresLog, type LogEntry } from '../../bench/postgres-log.ts';
import { eventually } from '../support/eventually.ts';
import { freshServer, queryAs, type FreshServer } from '../support/postgres.ts';

const as = (url: string, application: string): string => `${url}?application_name=${encodeURIComponent(application)}`;

describe('counting on a real PostgreSQL server', () => {
  let server: FreshServer;
  beforeAll(async () => {
    server = await freshServer({ settings: LOG_SETTINGS });
  });
  afterAll(async () => await server[Symbol.asyncDispose]());

  it('finds every statement, round trip, connection and error of the operator, and none of others', async () => {
    const { adminUrl, superuserUrl, logFile } = server;
    const operator = as(adminUrl, 'studio-operator/some-pod_1a2b');
    await queryAs(operator, `SELECT 1;\nSELECT ';' AS "two;"; DO $$ BEGIN PERFORM 3; END $$`);
    await queryAs(operator, 'SELECT $1::text', ["it's four; really"]);
    await expect(queryAs(operator, 'SELECT 1/0')).rejects.toThrow('division by zero');
    await queryAs(as(superuserUrl, 'psql'), 'SELECT 5; SELECT 6');
    const counts = await eventually(async () => {
      const entries: LogEntry[] = await Array.fromAsync(readPostgresLog(logFile));
      const found = countEntries(entries.filter(({ asker }) => asker === 'operator'));
      return found.errors === 1 ? found : undefined;
    });
    expect(counts).toEqual({ statements: 5, messages: 3, connections: 3, errors: 1 });
  });
});
