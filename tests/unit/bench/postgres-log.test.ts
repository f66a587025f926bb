// Counting from PostgreSQL's log. The excerpt was written by PostgreSQL 18.4 under LOG_SETTINGS; only addresses of files are shortened.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countEntries, readPostgresLog, type Asker, type LogEntry } from '../../../bench/postgres-log.ts';

const EXCERPT = `1795451488.492\t27259\t\t\t\tLOG:  database system is ready to accept connections
1795451488.689\t27283\tpostgres\tpostgres\t[unknown]\tLOG:  statement: 
\t      -- Every role may connect to every database unless this is taken from PUBLIC.
\t      REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
\t      GRANT CONNECT ON DATABASE postgres TO studio_admin;
\t    
1795451488.925\t27287\t[unknown]\t[unknown]\t[unknown]\tLOG:  connection received: host=127.0.0.1 port=52186
1795451488.930\t27287\tpostgres\tpostgres\t[unknown]\tLOG:  connection authenticated: identity="postgres" method=scram-sha-256 (pg_hba.conf:115)
1795451488.930\t27287\tpostgres\tpostgres\t[unknown]\tLOG:  connection authorized: user=postgres database=postgres application_name=studio-bench
1795451488.935\t27287\tpostgres\tpostgres\tstudio-bench\tERROR:  syntax error at or near "DATABASE_" at character 105
1795451488.935\t27287\tpostgres\tpostgres\tstudio-bench\tSTATEMENT:  CREATE ROLE studio_1_db LOGIN PASSWORD 'x'; CREATE DATABASE_
1795451489.036\t27289\tstudio_admin\tpostgres\t[unknown]\tLOG:  connection authorized: user=studio_admin database=postgres application_name=studio-operator/host-1_0a1b
1795451489.040\t27289\tstudio_admin\tpostgres\tstudio-operator/host-1_0a1b\tLOG:  statement: SELECT 1 AS a;
\tSELECT
\t\t2 AS b
1795451489.044\t27289\tstudio_admin\tpostgres\tstudio-operator/host-1_0a1b\tLOG:  execute <unnamed>: SELECT $1::text AS "na;me"
1795451489.044\t27289\tstudio_admin\tpostgres\tstudio-operator/host-1_0a1b\tDETAIL:  Parameters: $1 = 'it''s'
1795451489.047\t27289\tstudio_admin\tpostgres\tstudio-operator/host-1_0a1b\tLOG:  execute gather: SELECT $1::int AS n
1795451489.048\t27289\tstudio_admin\tpostgres\tstudio-operator/host-1_0a1b\tLOG:  statement: SELECT 1/0
1795451489.049\t27289\tstudio_admin\tpostgres\tstudio-operator/host-1_0a1b\tERROR:  division by zero
1795451489.059\t27290\tstudio_1_db\tpostgres\t[unknown]\tLOG:  connection authorized: user=studio_1_db database=postgres application_name=studio-operator/host-1_0a1b
1795451489.076\t27290\tstudio_1_db\tpostgres\tstudio-operator/host-1_0a1b\tLOG:  statement: SELECT 1
1795451489.107\t27291\tstudio_1_db_migrator\tpostgres\t[unknown]\tLOG:  connection authorized: user=studio_1_db_migrator database=postgres application_name=node
1795451489.110\t27291\tstudio_1_db_migrator\tpostgres\tnode\tLOG:  statement: BEGIN
1795451489.110\t27291\tstudio_1_db_migrator\tpostgres\tnode\tLOG:  statement: COMMIT
1795451489.132\t27292\tstudio_1_db_migrator\tpostgres\t[unknown]\tFATAL:  password authentication failed for user "studio_1_db_migrator"
`;

describe('the log of a PostgreSQL server', () => {
  let directory: string;
  let file: string;
  let entries: LogEntry[];

  beforeAll(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'postgres-log-'));
    file = path.join(directory, 'postgres.log');
    await writeFile(file, EXCERPT);
    entries = await Array.fromAsync(readPostgresLog(file));
  });
  afterAll(async () => await rm(directory, { recursive: true }));

  const of = (asker: Asker): LogEntry[] => entries.filter((entry) => entry.asker === asker);

  it('tells the statements of a string apart, and counts the string as one message', () => {
    expect(countEntries(of('operator'))).toEqual({ statements: 5, messages: 4, connections: 1, errors: 1 });
  });

  it('takes a login of the operator as a tenant for a probe', () => {
    expect(countEntries(of('probe'))).toEqual({ statements: 1, messages: 1, connections: 1, errors: 0 });
  });

  it('takes what a migrator does for a Job, a refused login included', () => {
    expect(countEntries(of('job'))).toEqual({ statements: 2, messages: 2, connections: 1, errors: 1 });
  });

  it('knows the bare limit by its application, and everybody else as others', () => {
    expect(countEntries(of('bench'))).toEqual({ statements: 0, messages: 0, connections: 1, errors: 1 });
    expect(countEntries(of('other'))).toEqual({ statements: 2, messages: 1, connections: 0, errors: 0 });
  });

  it('keeps the text of a statement of several lines, and when it came', () => {
    const statement = of('operator').find(({ kind }) => kind === 'statement');
    expect(statement?.text).toBe('SELECT 1 AS a;\nSELECT\n\t2 AS b');
    expect(statement?.atMs).toBe(1_795_451_489_040);
  });

  it('knows the name of a prepared statement, where it has one', () => {
    expect(entries.map(({ prepared }) => prepared).filter((name) => name !== undefined)).toEqual(['gather']);
  });

  it('begins where it is told', async () => {
    const half = EXCERPT.indexOf('1795451489.107');
    const later = await Array.fromAsync(readPostgresLog(file, Buffer.byteLength(EXCERPT.slice(0, half))));
    expect(later.map(({ asker }) => asker)).toEqual(['job', 'job', 'job', 'job']);
  });
});
