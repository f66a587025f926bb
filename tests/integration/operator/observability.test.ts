/** What an on-call engineer sees of a running operator: metrics that agree with the world, health, a log with names and no passwords. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { eventually } from '../../support/eventually.ts';
import type { OperatorUnderTest } from '../../support/operator-under-test.ts';
import { Studio } from '../../support/studio.ts';

let studio: Studio;
let operator: OperatorUnderTest;

beforeAll(async () => {
  studio = await Studio.start({ postgres: { settings: { log_statement: 'all' } } });
  operator = await studio.startOperator({ LOG_LEVEL: 'debug' });
  await studio.applyTenant('my-studio');
  await studio.settled('my-studio');
  await studio.applyTenant('late-studio', { subdomain: 'my-studio' });
  await studio.reason('late-studio', 'Stalled', 'SubdomainTaken');
}, 180_000);

afterAll(async () => await studio[Symbol.asyncDispose]());

/** A series' value, or undefined where there is none. `series` is the name with its labels, as it is printed. */
async function valueOf(series: string): Promise<number | undefined> {
  const line = (await operator.metrics()).split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

async function lines(): Promise<readonly Record<string, unknown>[]> {
  const text = await operator.log();
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

it.each([
  ['studio_tenants{phase="Ready"}', 1],
  ['studio_tenants{phase="Failed"}', 1],
  ['studio_tenants_by_server{server="main"}', 1],
  ['studio_server_up{server="main"}', 1],
  ['studio_master_up', 1],
  ['leader_election_master_status{name="studio-system/studio-operator"}', 1],
  ['studio_tenant_ready_seconds_count', 1],
  ['studio_migrations{state="failed"}', 0],
])('counts the world as it is: %s is %d', async (series, value) => {
  await eventually(async () => (await valueOf(series)) === value, { timeoutMs: 10_000 });
});

it.each([
  'controller_runtime_reconcile_total{controller="studiotenant",result="success"}',
  'controller_runtime_reconcile_time_seconds_count{controller="postgresserver"}',
  'workqueue_adds_total{name="studiotenant"}',
  'studio_step_seconds_count{step="Database",outcome="inSync"}',
  'studio_step_seconds_count{step="Organization",outcome="failed"}',
  'reflector_objects{name="studiotenants"}',
])('reports what it does: %s', async (series) => {
  expect(await valueOf(series)).toBeGreaterThan(0);
});

it('counts API calls by verb and SQL statements by server and kind', async () => {
  const text = await operator.metrics();

  expect(text).toMatch(/^rest_client_requests_total\{[^}]*resource="studiotenants"[^}]*\} [1-9]/m);
  expect(text).toMatch(/^studio_sql_statements_total\{target="main",kind="create-database"\} 1$/m);
  expect(text).toMatch(/^studio_sql_statements_total\{target="master",kind="[a-z-]+"\} [1-9]/m);
});

it('is alive and ready, and names its checks', async () => {
  expect((await fetch(`${operator.healthUrl}/livez`)).status).toBe(200);
  const ready = await fetch(`${operator.healthUrl}/readyz`);
  expect(ready.status).toBe(200);
  expect(await ready.text()).toMatch(/^\[\+\]caches ok$/m);
});

it('logs constant messages that carry whose they are', async () => {
  const events = (await lines()).filter(({ msg }) => msg === 'event');

  expect(events).toContainEqual(expect.objectContaining({ level: 'info', name: 'my-studio', reason: 'Ready' }));
  expect(events).toContainEqual(expect.objectContaining({ level: 'warn', name: 'late-studio', reason: 'SubdomainTaken' }));
});

it('puts no password into its log, its metrics, a status, or the log of PostgreSQL', async () => {
  const { password = '' } = await studio.secret('my-studio');
  const ours = [new URL(studio.postgres.masterUrl).password, new URL(studio.postgres.adminUrl).password];
  const places = {
    log: await operator.log(),
    metrics: await operator.metrics(),
    status: JSON.stringify(await studio.tenant('my-studio')),
    audit: JSON.stringify(await studio.audit()),
  };
  // Whoever set up the server wrote the operator's own passwords there.
  const postgresLog = await readFile(studio.postgres.logFile, 'utf8');

  expect(password.length).toBeGreaterThan(40);
  expect(postgresLog).toContain('CREATE ROLE "studio_1_db" LOGIN');
  expect(postgresLog.includes(password)).toBe(false);
  for (const [place, text] of Object.entries(places)) {
    expect({ place, holds: [password, ...ours].filter((secret) => text.includes(secret)).length }).toEqual({ place, holds: 0 });
  }
});
