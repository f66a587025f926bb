/**
 * A password is only in its Secret. A whole life of tenants is lived under every log that there is, while each Secret
 * that ever exists is read; then all of it is searched for each password that was seen.
 */
import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { INGRESS, JOB, POD, POSTGRES_SERVER, type Resource, SCHEMA_RELEASE, SECRET, STUDIO_TENANT } from '../../../src/api/resources.ts';
import type { ConnectionSecret } from '../../../src/desired/connection-secret.ts';
import { Studio, TENANTS } from '../../support/studio.ts';

const VERIFIER = 'SCRAM-SHA-256$';
const PASSWORD_KEYS = ['password', 'PGPASSWORD'];

let studio: Studio;
/** Every password that was in a Secret of a tenant at any time, with the Secret's name. */
const passwords = new Map<string, string>();
const following = new AbortController();

beforeAll(async () => {
  studio = await Studio.start({ postgres: { settings: { log_statement: 'all', log_connections: 'on', log_min_messages: 'debug1' } } });
  const secrets = await studio.cluster.follow<ConnectionSecret>(SECRET, TENANTS, following.signal);
  secrets.onChange((_key, _before, after) => {
    for (const key of PASSWORD_KEYS) {
      const value = after?.data?.[key];
      if (after !== undefined && value !== undefined) passwords.set(Buffer.from(value, 'base64').toString(), after.metadata.name);
    }
  });
  const [first, bad] = ['migrations/tenant/studio-1', 'migrations/tenant/studio-2-rc'];
  await studio.apply('SchemaRelease', 'good', { version: 2, args: [first] });
  await studio.apply('SchemaRelease', 'bad', { version: 1, args: [first, bad], backoffLimit: 0 });
  await studio.startOperator({ LOG_LEVEL: 'debug', PROBE_INTERVAL: '2s', SWEEP_INTERVAL: '2s', LEADER_ELECTION: 'false' });
  await live();
}, 240_000);
afterAll(async () => {
  following.abort();
  await studio[Symbol.asyncDispose]();
});

/** Made, failed, changed, given another password, suspended, resumed, deleted, returned. */
async function live(): Promise<void> {
  const erasing = { [ANNOTATION.confirmDeletion]: 'erased' };
  await Promise.all([
    studio.applyTenant('lasting'),
    studio.applyTenant('failing', { release: 'bad' }),
    studio.applyTenant('returning'),
    studio.applyTenant('erased', { deletionPolicy: 'Delete' }, erasing),
  ]);
  await Promise.all(['lasting', 'returning', 'erased'].map((name) => studio.settled(name)));
  await studio.reason('failing', 'SchemaReady', 'MigrationFailed');
  await studio.cluster.api.delete(SECRET, { namespace: TENANTS, name: 'lasting-database' });
  await studio.waitFor('lasting', ({ status }) => status?.credentials?.generation === 2);
  await studio.applyTenant('lasting', { suspended: true, database: { extensions: ['pgcrypto'] } });
  await studio.waitFor('lasting', ({ status }) => status?.phase === 'Suspended');
  await studio.applyTenant('lasting', { database: { extensions: ['pgcrypto'] } });
  await Promise.all([studio.deleteTenant('returning'), studio.deleteTenant('erased')]);
  await Promise.all([studio.gone('returning'), studio.gone('erased')]);
  await studio.applyTenant('returning');
  await Promise.all([studio.settled('lasting'), studio.settled('returning')]);
}

async function everythingOf(resource: Resource, namespace?: string): Promise<string> {
  const { items } = await studio.cluster.api.list<KubernetesObject>(resource, { namespace });
  return JSON.stringify(items);
}

/** What a person could read without the right to read Secrets. */
async function places(): Promise<Readonly<Record<string, string>>> {
  const events = await studio.cluster.api.raw<object>({ method: 'GET', path: '/api/v1/events' });
  return {
    'log of the operator': (await studio.operator?.log()) ?? '',
    'metrics of the operator': (await studio.operator?.metrics()) ?? '',
    'log of the API server': JSON.stringify(await studio.audit()),
    Events: JSON.stringify(events),
    StudioTenants: await everythingOf(STUDIO_TENANT, TENANTS),
    SchemaReleases: await everythingOf(SCHEMA_RELEASE),
    PostgresServers: await everythingOf(POSTGRES_SERVER),
    Jobs: await everythingOf(JOB, TENANTS),
    Pods: await everythingOf(POD, TENANTS),
    Ingresses: await everythingOf(INGRESS, TENANTS),
    'rows of the master database': JSON.stringify(await studio.master('SELECT o.*, e.* FROM organizations o, tenant_events e')),
  };
}

const postgresLog = (): Promise<string> => readFile(studio.postgres.logFile, 'utf8');

it('has seen the passwords of tenants and of their migrations', () => {
  const seen = [...passwords.values()];
  for (const name of ['lasting-database', 'failing-database', 'returning-database', 'erased-database']) expect(seen).toContain(name);
  expect(seen.filter((name) => name === 'lasting-database')).toHaveLength(2);
  expect(seen.filter((name) => /-migrate-/.test(name)).length).toBeGreaterThan(3);
});

it('finds no password in anything that is logged, recorded or shown', async () => {
  const texts = { ...(await places()), 'log of PostgreSQL': await postgresLog() };
  const found = Object.entries(texts).flatMap(([place, text]) =>
    [...passwords].filter(([password]) => text.includes(password)).map(([, secret]) => ({ place, secret })),
  );
  expect(found).toEqual([]);
  for (const [place, text] of Object.entries(texts)) expect({ place, isEmpty: text.length < 10 }).toEqual({ place, isEmpty: false });
});

it('finds verifiers nowhere but in the statements that set them', async () => {
  const found = Object.entries(await places()).filter(([, text]) => text.includes(VERIFIER));
  expect(found.map(([place]) => place)).toEqual([]);
  const lines = (await postgresLog()).split('\n').filter((line) => line.includes(VERIFIER));
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.filter((line) => !/(?:CREATE|ALTER) ROLE "studio_\d+_db(?:_migrator)?".* PASSWORD 'SCRAM-SHA-256\$/.test(line))).toEqual([]);
});
