/**
 * PostgresServers as people get them wrong: each condition caused on a real server, and healed by doing what its sentence
 * says. Also a server that is deleted while in use, and one whose admin login is a superuser's.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import { GROUP } from '../../../src/api/group.ts';
import { POSTGRES_SERVER, SECRET } from '../../../src/api/resources.ts';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import type { PostgresServer } from '../../../src/api/postgres-server.ts';
import { sentenceOf, serverSentence, sqlIn } from '../../support/conditions.ts';
import { eventually } from '../../support/eventually.ts';
import { type FreshServer, freshServer, queryAs } from '../../support/postgres.ts';
import { Studio, SYSTEM } from '../../support/studio.ts';

let studio: Studio;
/** Where things are broken; the tenants' own server stays whole. */
let spare: FreshServer;
beforeAll(async () => {
  [studio, spare] = await Promise.all([Studio.start(), freshServer({ settings: { log_connections: 'on' } })]);
  await studio.cluster.api.delete(POSTGRES_SERVER, { name: 'main' });
  await studio.startOperator({ SWEEP_INTERVAL: '2s' });
}, 180_000);
afterAll(async () => {
  await studio[Symbol.asyncDispose]();
  await spare[Symbol.asyncDispose]();
});

const ready = (name: string, reason: string) => serverSentence(studio, name, 'Ready', reason);
const onSpare = (sql: string) => queryAs(spare.superuserUrl, sql);
const getServer = (name: string) => studio.cluster.api.get<PostgresServer>(POSTGRES_SERVER, { name });

async function adminSecret(name: string, stringData: Readonly<Record<string, string>>): Promise<void> {
  await studio.cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: SYSTEM }, stringData });
}

describe('no server', () => {
  it('NoServer is what a tenant waits with, until there is one', async () => {
    await studio.applyTenant('first');
    expect(await sentenceOf(studio, 'first', 'Registered', 'NoServer')).toContain('Create one');
    await studio.applyServer('main');
    await studio.settled('first');
  });
});

describe('a server that cannot be logged in to', () => {
  it('Unreachable', async () => {
    await studio.applyServer('silent', { port: 1 });
    expect(await ready('silent', 'Unreachable')).toContain('spec.host');
  });

  it('SecretNotFound, SecretForbidden, AdminSecretInvalid and CaSecretInvalid say which Secret', async () => {
    await studio.applyServer('secretless', { adminSecretRef: { name: 'nowhere' } });
    expect(await ready('secretless', 'SecretNotFound')).toContain(`${SYSTEM}/nowhere`);
    await studio.applyServer('elsewhere', { adminSecretRef: { namespace: 'default', name: 'theirs' } });
    expect(await ready('elsewhere', 'SecretForbidden')).toContain('resourceNames [theirs]');
    await adminSecret('half', { username: 'studio_admin' });
    await studio.applyServer('halved', { adminSecretRef: { name: 'half' } });
    expect(await ready('halved', 'AdminSecretInvalid')).toContain('password');
    await studio.applyServer('unsigned', { tls: { mode: 'verify-full', caSecretRef: { name: 'half' } } });
    expect(await ready('unsigned', 'CaSecretInvalid')).toContain('ca.crt');
  });

  it('LoginRefused goes when the Secret is corrected, by itself', async () => {
    const { username, password } = new URL(studio.postgres.adminUrl);
    await adminSecret('typo', { username, password: 'wrong' });
    await studio.applyServer('locked', { adminSecretRef: { name: 'typo' } });
    expect(await ready('locked', 'LoginRefused')).toContain('studio_admin');
    await adminSecret('typo', { username, password });
    await studio.serverReady('locked');
  });

  it('MaintenanceDatabaseNotFound', async () => {
    await studio.applyServer('misnamed', { maintenanceDatabase: 'nowhere' });
    expect(await ready('misnamed', 'MaintenanceDatabaseNotFound')).toContain('"nowhere"');
  });
});

describe('a server that must not be used as it is', () => {
  it('MissingRights and PublicConnect go when the SQL they give is run', async () => {
    await onSpare(`CREATE ROLE weak LOGIN PASSWORD 'weak-password'; GRANT CONNECT ON DATABASE postgres TO weak`);
    await onSpare('CREATE DATABASE wide_open');
    await adminSecret('weak', { username: 'weak', password: 'weak-password' });
    await studio.applyServer('spare', { adminSecretRef: { name: 'weak' } }, spare);
    await onSpare(sqlIn(await ready('spare', 'MissingRights')));
    const open = await ready('spare', 'PublicConnect');
    expect(open).toContain('"wide_open"');
    await onSpare(sqlIn(open));
    await studio.serverReady('spare');
    expect((await getServer('spare'))?.status).toMatchObject({ operatorRole: 'weak', databases: 0 });
  });

  it('OperatorRoleChanged: another user name in the Secret is refused, because everything belongs to the first', async () => {
    const { username, password } = new URL(spare.adminUrl);
    await adminSecret('weak', { username, password });
    await studio.applyServer('spare', { adminSecretRef: { name: 'weak' }, capacity: { maxDatabases: 5 } }, spare);
    expect(await ready('spare', 'OperatorRoleChanged')).toContain('"weak"');
    await adminSecret('weak', { username: 'weak', password: 'weak-password' });
    await studio.serverReady('spare');
  });

  it('InstallationConflict: another installation was there first', async () => {
    const [row] = await onSpare("SELECT shobj_description(oid, 'pg_authid') AS mark FROM pg_roles WHERE rolname = 'studio_tenant'");
    await onSpare(`COMMENT ON ROLE studio_tenant IS '{"installation":"another"}'`);
    expect(await ready('spare', 'InstallationConflict')).toContain('studio_tenant');
    await onSpare(`COMMENT ON ROLE studio_tenant IS '${String(row?.['mark'])}'`);
    await studio.serverReady('spare');
  });

  it('VersionTooOld: PostgreSQL before 16', async () => {
    // No server that old is at hand: this one is made to say that it is. Built-in functions are known by number, so a new one is made.
    await onSpare(`ALTER FUNCTION pg_catalog.current_setting(text) RENAME TO real_setting;
      CREATE FUNCTION pg_catalog.current_setting(text) RETURNS text LANGUAGE sql STABLE STRICT AS
      $$ SELECT CASE $1 WHEN 'server_version_num' THEN '150012' WHEN 'server_version' THEN '15.12' ELSE current_setting($1, false) END $$`);
    // Asked when the server is opened: a server does not grow older while it is connected to.
    await studio.applyServer('spare', { adminSecretRef: { name: 'weak' }, capacity: { maxDatabases: 6 } }, spare);
    expect(await ready('spare', 'VersionTooOld')).toContain('15.12');
  });
});

describe('a superuser in the admin Secret', () => {
  it('is used once, on the maintenance database, to make studio_operator; tenants are made by that', async () => {
    await using server = await freshServer({ settings: { log_connections: 'on', log_disconnections: 'on' } });
    await studio.applyServer('mighty', { maintenanceDatabase: 'postgres' }, { ...server, adminUrl: server.superuserUrl });
    await studio.serverReady('mighty');
    expect((await getServer('mighty'))?.status).toMatchObject({ operatorRole: 'studio_operator' });
    await studio.applyTenant('humble', { database: { server: 'mighty', extensions: ['pgcrypto'] } });
    const n = (await studio.settled('humble')).status?.organizationId;
    expect(
      await queryAs(server.superuserUrl, "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = 'studio_operator'"),
    ).toEqual([{ rolsuper: false, rolcreatedb: true, rolcreaterole: true }]);
    expect(
      await queryAs(server.superuserUrl, `SELECT datdba::regrole::text AS owner FROM pg_database WHERE datname = 'studio_${n}_db'`),
    ).toEqual([{ owner: 'studio_operator' }]);
    const log = await readFile(server.logFile, 'utf8');
    expect(log).toContain(`user=studio_operator database=studio_${n}_db`);
    expect(log).not.toContain(`user=postgres database=studio_${n}_db`);
    // The superuser may go: what the operator made carries it from here.
    await adminSecret('mighty-admin', { username: 'postgres', password: 'changed-meanwhile' });
    await studio.operator?.stop();
    await studio.startOperator({ SWEEP_INTERVAL: '2s' });
    await studio.applyTenant('humbler', { database: { server: 'mighty' } });
    await studio.settled('humbler');
    const secret = await studio.cluster.api.get<KubernetesObject>(SECRET, { namespace: SYSTEM, name: 'postgres-server-mighty' });
    expect(secret?.metadata.labels).toMatchObject({ [`${GROUP}/server`]: 'mighty' });
  });

  it('OperatorRoleConflict: a studio_operator that this installation did not make is left alone', async () => {
    await using server = await freshServer();
    await queryAs(server.superuserUrl, 'CREATE ROLE studio_operator NOLOGIN');
    await studio.applyServer('taken', {}, { ...server, adminUrl: server.superuserUrl });
    await ready('taken', 'OperatorRoleConflict');
    expect(await queryAs(server.superuserUrl, "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'studio_operator'")).toEqual([
      { rolcanlogin: false },
    ]);
    await queryAs(server.superuserUrl, 'DROP ROLE studio_operator');
    await studio.serverReady('taken');
  });
});

describe('a server that is deleted', () => {
  it('in use, is held and says by whom; its tenants are served on; it goes with the last of them', async () => {
    await studio.applyTenant(
      'resident',
      { database: { server: 'locked' }, deletionPolicy: 'Delete' },
      { [ANNOTATION.confirmDeletion]: 'resident' },
    );
    await studio.settled('resident');
    await studio.cluster.api.delete(POSTGRES_SERVER, { name: 'locked' });
    expect(await serverSentence(studio, 'locked', 'Reconciling', 'Deleting')).toContain('1 organization');
    expect(await studio.asTenant('resident', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await studio.applyTenant('newcomer', { database: { server: 'locked' } });
    await sentenceOf(studio, 'newcomer', 'Registered', 'NoServerWithRoom');
    await studio.deleteTenant('resident');
    await studio.gone('resident');
    await eventually(async () => (await getServer('locked')) === undefined, { timeoutMs: 60_000 });
    await sentenceOf(studio, 'newcomer', 'Registered', 'ServerNotFound');
  });

  it('unused, goes at once', async () => {
    await studio.cluster.api.delete(POSTGRES_SERVER, { name: 'misnamed' });
    await eventually(async () => (await getServer('misnamed')) === undefined, { timeoutMs: 60_000 });
  });
});
