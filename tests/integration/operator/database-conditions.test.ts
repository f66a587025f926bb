/**
 * Conditions that come from the PostgreSQL server: what is foreign there, what somebody has changed, what it cannot do. Each
 * is caused for real, and healed by what its sentence says.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import { SECRET } from '../../../src/api/resources.ts';
import { DEGRADED, FAILED, READY, sentenceOf, sqlIn, summaryOf } from '../../support/conditions.ts';
import { eventually } from '../../support/eventually.ts';
import { Studio, TENANTS } from '../../support/studio.ts';

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start();
  await studio.startOperator({ SWEEP_INTERVAL: '1s' });
  await studio.serverReady('main');
}, 180_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

const sentence = (name: string, reason: string) => sentenceOf(studio, name, 'DatabaseReady', reason);
const summary = (name: string) => summaryOf(studio, name);

let attempts = 0;
/** Has it looked at now, instead of when its turn comes. */
async function retry(name: string, spec: object = {}): Promise<void> {
  attempts += 1;
  await studio.applyTenant(name, spec, { [ANNOTATION.retry]: String(attempts) });
}

/** Ready and nothing left to say: the generation does not tell, because no spec has changed. */
async function healed(name: string): Promise<void> {
  await eventually(async () => JSON.stringify(await summary(name)) === JSON.stringify(READY), { timeoutMs: 30_000 });
}

async function served(name: string, spec: object = {}): Promise<number> {
  await studio.applyTenant(name, spec);
  return (await studio.settled(name)).status?.organizationId ?? 0;
}

/** A tenant that has its number and nothing on the server yet: a Secret of somebody else's holds it up. */
async function heldUp(name: string): Promise<number> {
  const metadata = { name: `${name}-database`, namespace: TENANTS };
  await studio.cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { mine: 'yes' } });
  await studio.applyTenant(name);
  return (await studio.reason(name, 'CredentialsReady', 'SecretConflict')).status?.organizationId ?? 0;
}

async function release(name: string): Promise<void> {
  await studio.cluster.api.delete(SECRET, { name: `${name}-database`, namespace: TENANTS });
  await retry(name);
}

async function foreignDatabase(n: number): Promise<void> {
  await studio.superuser(`CREATE DATABASE studio_${n}_db ALLOW_CONNECTIONS false`);
  await studio.superuser(`REVOKE ALL ON DATABASE studio_${n}_db FROM PUBLIC`);
}

describe('what is not ours', () => {
  it('RoleConflict leaves a role without our mark alone', async () => {
    const n = await heldUp('homonym');
    await studio.superuser(`CREATE ROLE "studio_${n}_db" LOGIN`);
    await release('homonym');
    await sentence('homonym', 'RoleConflict');
    expect(await summary('homonym')).toEqual(FAILED);
    await studio.superuser(`DROP ROLE "studio_${n}_db"`);
    await retry('homonym');
    await studio.settled('homonym');
  });

  it('DatabaseConflict leaves a database without our mark alone, also when the tenant gives up', async () => {
    const n = await heldUp('squatted');
    await foreignDatabase(n);
    await release('squatted');
    await sentence('squatted', 'DatabaseConflict');
    expect(await summary('squatted')).toEqual(FAILED);
    await studio.deleteTenant('squatted');
    await studio.gone('squatted');
    const left = `SELECT datname AS name FROM pg_database WHERE datname LIKE 'studio\\_${n}\\_db%'
      UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE 'studio\\_${n}\\_db%'`;
    expect(await studio.superuser(left)).toEqual([{ name: `studio_${n}_db` }]);
    expect(await studio.master('SELECT status, subdomain FROM organizations WHERE id = $1', [n])).toEqual([
      { status: 'deleted', subdomain: null },
    ]);
  });

  it('DatabaseReplaced touches neither the database nor what was put in its place', async () => {
    const n = await served('replaced');
    const [comment] = await studio.superuser(
      `SELECT shobj_description(oid, 'pg_database') AS text FROM pg_database WHERE datname = 'studio_${n}_db'`,
    );
    await studio.superuser(`ALTER DATABASE studio_${n}_db RENAME TO real_one`);
    await foreignDatabase(n);
    await studio.superuser(`COMMENT ON DATABASE studio_${n}_db IS '${String(comment?.['text'])}'`);
    await retry('replaced');
    await sentence('replaced', 'DatabaseReplaced');
    expect(await summary('replaced')).toEqual(['Degraded', 'False', 'False', 'True']);
    await studio.superuser(`DROP DATABASE studio_${n}_db`);
    await studio.superuser(`ALTER DATABASE real_one RENAME TO studio_${n}_db`);
    await retry('replaced');
    await healed('replaced');
  });

  it('DatabaseLost never makes it again', async () => {
    const n = await served('lost');
    await studio.superuser(`DROP DATABASE studio_${n}_db WITH (FORCE)`);
    await sentence('lost', 'DatabaseLost');
    expect(await summary('lost')).toEqual(['Degraded', 'False', 'False', 'True']);
    await retry('lost');
    await studio.reason('lost', 'DatabaseReady', 'DatabaseLost');
    expect(await studio.superuser(`SELECT 1 FROM pg_database WHERE datname = 'studio_${n}_db'`)).toEqual([]);
  });
});

describe('what somebody has changed, and only a superuser can undo', () => {
  const cases = [
    ['OwnerChanged', (n: number) => `ALTER DATABASE studio_${n}_db OWNER TO postgres`],
    ['ForeignMembership', (n: number) => `CREATE ROLE snoop; GRANT studio_${n}_db TO snoop`],
    ['ForeignAttributes', (n: number) => `ALTER ROLE studio_${n}_db CREATEDB`],
  ] as const;

  it.each(cases)('%s goes on serving, and goes when what it says is run', async (reason, change) => {
    const name = reason.toLowerCase();
    const n = await served(name);
    await studio.superuser(change(n));
    const message = await sentence(name, reason);
    expect(await summary(name)).toEqual(DEGRADED);
    expect(await studio.asTenant(name, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await studio.superuser(sqlIn(message));
    await retry(name);
    await healed(name);
  });

  it('GrantsNotConverged says that the server accepts what does not take', async () => {
    const n = await served('stubborn');
    await studio.superuser('CREATE ROLE giver; CREATE ROLE taker');
    // Granted by a role that holds no grant option any more: no REVOKE of the owner's reaches it.
    await studio.superuser(
      `SET allow_system_table_mods = on; UPDATE pg_database
       SET datacl = array_append(datacl, makeaclitem('taker'::regrole, 'giver'::regrole, 'CONNECT', false)) WHERE datname = 'studio_${n}_db'`,
    );
    await sentence('stubborn', 'GrantsNotConverged');
    expect(await summary('stubborn')).toEqual(DEGRADED);
    await studio.superuser(
      `SET allow_system_table_mods = on; UPDATE pg_database
       SET datacl = array_remove(datacl, makeaclitem('taker'::regrole, 'giver'::regrole, 'CONNECT', false)) WHERE datname = 'studio_${n}_db'`,
    );
    await retry('stubborn');
    await healed('stubborn');
  });

  const insideCases = [
    ['SchemaOwnerChanged', 'ALTER SCHEMA public OWNER TO postgres'],
    [
      'EventTrigger',
      `CREATE ROLE trapper SUPERUSER; CREATE FUNCTION public.trap() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
       CREATE EVENT TRIGGER trap ON ddl_command_end EXECUTE FUNCTION public.trap(); ALTER EVENT TRIGGER trap OWNER TO trapper;
       ALTER ROLE trapper NOSUPERUSER`,
    ],
  ] as const;

  it.each(insideCases)('%s inside the database is said until it is mended', async (reason, sql) => {
    const name = reason.toLowerCase();
    const n = await served(name);
    await studio.superuser(sql, `studio_${n}_db`);
    await studio.applyTenant(name, { displayName: 'Looked at again' });
    const message = await sentence(name, reason);
    expect(await summary(name)).toEqual(DEGRADED);
    await studio.superuser(sqlIn(message), `studio_${n}_db`);
    await retry(name, { displayName: 'Looked at again' });
    await healed(name);
  });
});

describe('extensions', () => {
  it('ExtensionUnavailable and ExtensionNotTrusted stop a new tenant, and heal when corrected', async () => {
    await studio.applyTenant('extended', { database: { extensions: ['no_such_thing'] } });
    await sentence('extended', 'ExtensionUnavailable');
    expect(await summary('extended')).toEqual(FAILED);
    await studio.applyTenant('extended', { database: { extensions: ['dblink'] } });
    const message = await sentence('extended', 'ExtensionNotTrusted');
    await studio.superuser(sqlIn(message), message.match(/"(studio_\d+_db)"/)?.[1]);
    await retry('extended', { database: { extensions: ['dblink'] } });
    await studio.settled('extended');
  });

  it('that cannot be added do not take down a tenant that is served, and stay said', async () => {
    await served('wishful');
    const spec = { database: { extensions: ['no_such_thing'] } };
    await studio.applyTenant('wishful', spec);
    await studio.reason('wishful', 'Stalled', 'ExtensionUnavailable');
    expect(await summary('wishful')).toEqual(DEGRADED);
    // Another look, for another reason, must not take silence for a cure.
    await retry('wishful', spec);
    await studio.waitFor('wishful', ({ status }) => status?.handled?.retry === String(attempts));
    expect(await summary('wishful')).toEqual(DEGRADED);
    await studio.applyTenant('wishful', { database: { extensions: ['hstore'] } });
    const n = (await studio.settled('wishful')).status?.organizationId;
    expect(await studio.superuser("SELECT 1 AS there FROM pg_extension WHERE extname = 'hstore'", `studio_${n}_db`)).toHaveLength(1);
  });
});

describe('a login that the server refuses', () => {
  it('LoginFailed keeps a new tenant from being called Ready', async () => {
    const n = await heldUp('barred');
    const rules = path.join(path.dirname(studio.postgres.logFile), 'data', 'pg_hba.conf');
    const before = await readFile(rules, 'utf8');
    await writeFile(rules, `host "studio_${n}_db" "studio_${n}_db" all reject\n${before}`);
    await studio.superuser('SELECT pg_reload_conf()');
    await release('barred');
    await sentence('barred', 'LoginFailed');
    expect(await summary('barred')).toEqual(['Provisioning', 'False', 'True', 'False']);
    await writeFile(rules, before);
    await studio.superuser('SELECT pg_reload_conf()');
    await retry('barred');
    await studio.settled('barred');
  });
});
