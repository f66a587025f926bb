/**
 * The operator is killed with SIGKILL right after every single side effect of provisioning, upgrading and deleting a
 * tenant, once each, and started again: the end must be the same as if nothing had happened.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import { JOB, SECRET } from '../../../src/api/resources.ts';
import { passwordMatches } from '../../../src/clients/passwords.ts';
import { isSettled, Studio, TENANTS } from '../../support/studio.ts';

const CRASHING = path.resolve(import.meta.dirname, '../../support/crashing-operator.ts');
/** More than any of the scenarios has; reaching it means that one never ends. */
const MOST_POINTS = 80;

let studio: Studio;
let crashLog: string;
beforeAll(async () => {
  studio = await Studio.start();
  crashLog = path.join(studio.directory, 'effects.log');
  const [first, second] = ['migrations/tenant/studio-1', 'migrations/tenant/studio-2'];
  await studio.apply('SchemaRelease', 'one', { version: 1, args: [first] });
  await studio.apply('SchemaRelease', 'two', { version: 2, args: [first, second] });
  await studio.startOperator({ LEADER_ELECTION: 'false' });
  await studio.serverReady('main');
  await studio.operator?.stop();
}, 180_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

interface Scenario {
  /** Puts the tenant where the scenario begins, with an operator running. */
  prepare(name: string): Promise<void>;
  /** What a person does, while no operator runs. */
  ask(name: string): Promise<unknown>;
  /** Whether it has come to its end. */
  done(name: string): Promise<unknown>;
  /** What must be true then. */
  verify(name: string): Promise<void>;
}

/** Runs the scenario to its end, dying after effect number `point`; returns the effects up to there. */
async function crashAt(scenario: Scenario, name: string, point: number): Promise<readonly string[]> {
  await withOperator(() => scenario.prepare(name));
  await scenario.ask(name);
  await writeFile(crashLog, '');
  const crashing = await studio.startOperator({ LEADER_ELECTION: 'false', CRASH_AFTER: String(point), CRASH_LOG: crashLog }, CRASHING);
  await Promise.race([crashing.ended, scenario.done(name)]);
  await crashing.kill();
  await withOperator(() => scenario.done(name));
  await scenario.verify(name);
  return (await readFile(crashLog, 'utf8')).split('\n').filter((line) => line !== '');
}

async function withOperator(work: () => Promise<unknown>): Promise<void> {
  const operator = await studio.startOperator({ LEADER_ELECTION: 'false' });
  await work();
  expect(await operator.stop()).toBe(0);
}

/** Every point in turn, until a run ends without reaching it. Returns the name of each. */
async function crashEverywhere(scenario: Scenario, prefix: string): Promise<readonly string[]> {
  const points: string[] = [];
  for (let point = 1; point < MOST_POINTS; point += 1) {
    const effects = await crashAt(scenario, `${prefix}-${point}`, point);
    if (effects.length < point) return points;
    points.push(`${point}. ${effects.at(point - 1)}`);
  }
  throw new Error(`no end after ${MOST_POINTS} points: ${points.join('; ')}`);
}

async function verifyWhole(name: string, version: number): Promise<void> {
  const { status, metadata } = await studio.settled(name);
  const n = status?.organizationId ?? 0;
  expect(await studio.master('SELECT id, status, schema_version FROM organizations WHERE uid = $1', [metadata.uid])).toEqual([
    { id: n, status: 'active', schema_version: version },
  ]);
  const [hash] = await studio.master('SELECT database_password_hash AS hash FROM organizations WHERE id = $1', [n]);
  const { password = '' } = await studio.secret(name);
  expect(await passwordMatches(password, String(hash?.['hash']))).toBe(true);
  expect(await studio.asTenant(name, 'SELECT count(*)::int AS sessions FROM sessions')).toEqual([{ sessions: 0 }]);
  expect(await rolesOf(n)).toEqual([`studio_${n}_db`, `studio_${n}_db_owner`]);
  expect(await studio.superuser("SELECT datname FROM pg_database WHERE datname LIKE 'studio_prov%'")).toEqual([]);
  expect(await secretsOf(name)).toEqual([`${name}-database`]);
  expect((await jobsOf(name)).length).toBeGreaterThan(0);
}

async function rolesOf(n: number): Promise<readonly unknown[]> {
  const rows = await studio.superuser(`SELECT rolname FROM pg_roles WHERE rolname ~ '^studio_${n}_db' ORDER BY 1`);
  return rows.map(({ rolname }) => rolname);
}

async function secretsOf(name: string): Promise<readonly string[]> {
  const { items } = await studio.cluster.api.list(SECRET, { namespace: TENANTS, labelSelector: `studio-platform.io/tenant=${name}` });
  return items.map(({ metadata }) => metadata.name);
}

async function jobsOf(name: string): Promise<readonly string[]> {
  const { items } = await studio.cluster.api.list(JOB, { namespace: TENANTS, labelSelector: `studio-platform.io/tenant=${name}` });
  return items.map(({ metadata }) => metadata.name);
}

const provisioning: Scenario = {
  prepare: async () => undefined,
  ask: (name) => studio.applyTenant(name, { release: 'one' }),
  done: (name) => studio.settled(name),
  verify: (name) => verifyWhole(name, 1),
};

const upgrading: Scenario = {
  async prepare(name) {
    await studio.applyTenant(name, { release: 'one' });
    await studio.settled(name);
  },
  ask: (name) => studio.applyTenant(name, { release: 'two' }),
  done: (name) => studio.waitFor(name, (tenant) => tenant.status?.schema?.version === 2 && isSettled(tenant)),
  verify: (name) => verifyWhole(name, 2),
};

const numbers = new Map<string, number>();
const deleting: Scenario = {
  async prepare(name) {
    await studio.applyTenant(name, { release: 'one', deletionPolicy: 'Delete' }, { [ANNOTATION.confirmDeletion]: name });
    numbers.set(name, (await studio.settled(name)).status?.organizationId ?? 0);
  },
  ask: (name) => studio.deleteTenant(name),
  done: (name) => studio.gone(name),
  async verify(name) {
    const n = numbers.get(name) ?? 0;
    expect(await rolesOf(n)).toEqual([]);
    expect(await studio.superuser(`SELECT 1 FROM pg_database WHERE datname = 'studio_${n}_db'`)).toEqual([]);
    expect(await studio.master('SELECT status, name, subdomain, database_password_hash FROM organizations WHERE id = $1', [n])).toEqual([
      { status: 'deleted', name: null, subdomain: null, database_password_hash: null },
    ]);
    expect(await studio.master('SELECT 1 FROM subscriptions WHERE organization_id = $1', [n])).toEqual([]);
  },
};

describe('an operator that is killed after any single side effect', () => {
  it('still provisions the tenant, whole and once', async () => {
    const points = await crashEverywhere(provisioning, 'made');
    console.log(`killed after each of these while provisioning:\n${points.join('\n')}`);
    expect(points.length).toBeGreaterThan(15);
  }, 900_000);

  it('still upgrades the tenant', async () => {
    const points = await crashEverywhere(upgrading, 'raised');
    console.log(`killed after each of these while upgrading:\n${points.join('\n')}`);
    expect(points.length).toBeGreaterThan(5);
  }, 900_000);

  it('still deletes the tenant, leaving nothing', async () => {
    const points = await crashEverywhere(deleting, 'erased');
    console.log(`killed after each of these while deleting:\n${points.join('\n')}`);
    expect(points.length).toBeGreaterThan(5);
  }, 900_000);
});
