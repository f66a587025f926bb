// Taking a tenant off its server, migration logins that do not want to go, and tenants that hold other tenants' roles.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { scramVerifier } from '../../../src/clients/postgres/scram.ts';
import type { TenantDatabaseSpec } from '../../../src/desired/postgres/spec.ts';
import { gatherTenant } from '../../../src/servers/gather.ts';
import { createMigrator, removeMigrator } from '../../../src/servers/migrator.ts';
import { closeDatabase, dropDatabase, dropRoles, rewriteOwnership } from '../../../src/servers/removal.ts';
import { eventually } from '../../support/eventually.ts';
import { Crash, INSTALLATION, type TestTenant, world, type World } from './world.ts';

const MIGRATOR_PASSWORD = 'of-one-attempt';

const unlessCrash = (error: unknown): void => {
  if (!(error instanceof Crash)) throw error;
};

const createFreshMigrator = async (it: World, tenant: TestTenant): Promise<void> => {
  const verifier = await scramVerifier(MIGRATOR_PASSWORD);
  await createMigrator(it.sessions, await tenant.spec(), { verifier, validUntil: new Date(Date.now() + 600_000), lockTimeoutMs: 10_000 });
};

/** What a server still knows of a tenant. */
const traces = async ({ sql }: World, name: string): Promise<readonly unknown[]> => [
  ...(await sql('SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)', [name])),
  ...(await sql('SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [name])),
];

/** A session that is still logging in when the login goes would be refused, rather than ended. */
const fallenAsleep = async ({ sql }: World, role: string): Promise<void> => {
  const asleep = `SELECT FROM pg_stat_activity WHERE usename = $1 AND wait_event = 'PgSleep'`;
  await eventually(async () => (await sql(asleep, [role])).length === 1);
};

describe.each([16, 17, 18] as const)('on PostgreSQL %i', (major) => {
  let it: World;
  let tenant: TestTenant;
  beforeAll(async () => {
    it = await world(major);
  });
  afterAll(async () => await it[Symbol.asyncDispose]());
  beforeEach(async () => {
    tenant = await it.tenant();
    await tenant.converge();
  });

  const migrate = (text: string, password = MIGRATOR_PASSWORD): Promise<unknown> =>
    it.as(`${tenant.name}_migrator`, password, tenant.name, text);

  test('a migration works as the owner of the schema, and what it makes the tenant may use', async () => {
    tenant.change({ database: { extensions: [], settings: { statement_timeout: '1s' } } });
    await createFreshMigrator(it, tenant);
    await tenant.converge();

    await migrate(
      `CREATE TABLE sessions (id bigint GENERATED ALWAYS AS IDENTITY, title text); CREATE TABLE studio_migrations.done (i int)`,
    );
    expect(await migrate('SHOW statement_timeout')).toEqual([{ statement_timeout: '0' }]);
    expect(await migrate('SHOW lock_timeout')).toEqual([{ lock_timeout: '10s' }]);
    await tenant.app(`INSERT INTO sessions (title) VALUES ('yoga')`);
    expect(await tenant.app('SELECT title FROM sessions')).toEqual([{ title: 'yoga' }]);
    await expect(tenant.app('DELETE FROM studio_migrations.done')).rejects.toMatchObject({ code: '42501' });
    await expect(tenant.app('CREATE TABLE mine (i int)')).rejects.toMatchObject({ code: '42501' });
  });

  test('a migration login that kept a password and left things everywhere goes with all of it, and its tables stay', async () => {
    await createFreshMigrator(it, tenant);
    await migrate(
      `SET ROLE NONE; SELECT lo_create(5); ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
       ALTER ROLE ${tenant.name}_migrator PASSWORD 'kept'; ALTER ROLE ${tenant.name}_migrator IN DATABASE ${tenant.name} RESET role;
       SET ROLE ${tenant.owner}; CREATE TABLE y (i int); GRANT SELECT ON y TO ${tenant.name}_migrator;
       ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${tenant.name}_migrator`,
    );
    const sleeping = migrate('SELECT pg_sleep(60)', 'kept').catch((error: unknown) => (error as { code: string }).code);
    await fallenAsleep(it, `${tenant.name}_migrator`);

    expect(await removeMigrator(it.sessions, await tenant.spec())).toEqual({ kind: 'dropped', pinnedIn: [] });

    expect(await sleeping).toBe('57P01');
    await expect(migrate('SELECT 1', 'kept')).rejects.toMatchObject({ code: '28P01' });
    expect(await it.sql('SELECT relowner::regrole::text AS owner FROM pg_class WHERE relname = $1', ['y'], tenant.name)).toEqual([
      { owner: tenant.owner },
    ]);
    await tenant.converge();
    const facts = await gatherTenant(it.sessions, await tenant.spec());
    const lent = facts.roles.owner?.members.filter(({ member, set }) => member === 'studio_creator_0' && set);
    expect(lent).toEqual([]);
  });

  test('removing a migration login may be interrupted before any of its statements', async () => {
    for (let survived = 0; ; survived += 1) {
      await createFreshMigrator(it, tenant);
      await migrate(`SET ROLE NONE; SELECT lo_create(${100 + survived})`);
      const spec = await tenant.spec();
      it.fuse.burnAfter(survived);
      const outcome = await removeMigrator(it.sessions, spec).catch((error: unknown) => error);
      it.fuse.burnAfter(Number.POSITIVE_INFINITY);
      expect((await removeMigrator(it.sessions, spec)).kind).toBe('dropped');
      await tenant.converge();
      if (!(outcome instanceof Crash)) break;
    }
  });

  test('deleting leaves nothing, although its roles are held by another tenant on purpose', async () => {
    const hostile = await it.tenant();
    await hostile.converge();
    await hostile.app(
      `ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${tenant.name};
       SELECT lo_create(9); GRANT SELECT ON LARGE OBJECT 9 TO ${tenant.owner}`,
    );
    const sleeping = tenant.app('SELECT pg_sleep(60)').catch((error: unknown) => (error as { code: string }).code);
    await fallenAsleep(it, tenant.name);
    const spec = await tenant.spec();

    expect(await closeDatabase(it.sessions, spec)).toEqual({ kind: 'closed' });
    expect(await sleeping).toBe('57P01');
    expect(await dropDatabase(it.sessions, spec)).toEqual({ kind: 'dropped' });
    expect(await dropRoles(it.sessions, spec)).toEqual({ kind: 'dropped', pinnedIn: [hostile.name] });

    expect(await traces(it, tenant.name)).toEqual([]);
    await hostile.converge();
    expect(await hostile.login()).toEqual({ ok: true });
    const held = await it.sql(
      `SELECT FROM pg_auth_members WHERE member = 'studio_creator_0'::regrole AND grantor = member AND roleid = $1::regrole`,
      [hostile.name],
    );
    expect(held).toEqual([]);
  });

  test('a role held in a database that is closed stays, unable to log in, and goes when that is open again', async () => {
    const hostile = await it.tenant();
    await hostile.converge();
    await hostile.app(`ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${tenant.name}`);
    await closeDatabase(it.sessions, await hostile.spec());
    const spec = await tenant.spec();
    await closeDatabase(it.sessions, spec);
    await dropDatabase(it.sessions, spec);

    expect(await dropRoles(it.sessions, spec)).toMatchObject({ kind: 'pinned', database: hostile.name, role: tenant.name });
    expect(await it.sql('SELECT rolcanlogin FROM pg_roles WHERE rolname = $1', [tenant.name])).toEqual([{ rolcanlogin: false }]);
    expect(await it.sql('SELECT FROM pg_database WHERE datname = $1', [tenant.name])).toEqual([]);

    await it.sql(`ALTER DATABASE ${hostile.name} ALLOW_CONNECTIONS true`);
    expect(await dropRoles(it.sessions, spec)).toEqual({ kind: 'dropped', pinnedIn: [hostile.name] });
    expect(await traces(it, tenant.name)).toEqual([]);
  });

  test('deleting may be interrupted before any of its statements', async () => {
    const remove = async (spec: TenantDatabaseSpec): Promise<void> => {
      await closeDatabase(it.sessions, spec);
      await dropDatabase(it.sessions, spec);
      await dropRoles(it.sessions, spec);
    };
    for (let survived = 0; ; survived += 1) {
      const one = await it.tenant();
      await one.converge();
      const spec = await one.spec();
      it.fuse.burnAfter(survived);
      const outcome = await remove(spec).catch((error: unknown) => error);
      it.fuse.burnAfter(Number.POSITIVE_INFINITY);
      await remove(spec);
      expect(await traces(it, one.name), `after a crash before statement ${survived}`).toEqual([]);
      if (!(outcome instanceof Crash)) break;
    }
  });

  test('a deletion in the middle of making takes the provisional database along', async () => {
    const one = await it.tenant();
    const work = one.work();
    const { provisionalName } = await work.database();
    await it.sessions.slow.query({ text: `CREATE DATABASE ${provisionalName} TEMPLATE template0 ALLOW_CONNECTIONS false` });
    expect(await dropDatabase(it.sessions, await one.spec())).toEqual({ kind: 'absent' });
    expect(await it.sql('SELECT FROM pg_database WHERE datname = $1', [provisionalName])).toEqual([]);
  });
});

describe('what is not ours', () => {
  let it: World;
  let tenant: TestTenant;
  beforeAll(async () => {
    it = await world();
  });
  afterAll(async () => await it[Symbol.asyncDispose]());
  beforeEach(async () => {
    tenant = await it.tenant();
    await tenant.converge();
  });

  test('a database with another uid is neither closed nor dropped', async () => {
    const spec = { ...(await tenant.spec()), uid: 'somebody-else' };
    expect((await closeDatabase(it.sessions, spec)).kind).toBe('foreign');
    expect((await dropDatabase(it.sessions, spec)).kind).toBe('foreign');
    expect(await dropRoles(it.sessions, spec)).toEqual({ kind: 'dropped', pinnedIn: [] });
    expect(await tenant.login()).toEqual({ ok: true });
  });

  test('a database with our mark and another oid is not dropped', async () => {
    const spec = { ...(await tenant.spec()), databaseOid: '1' };
    expect((await dropDatabase(it.sessions, spec)).kind).toBe('foreign');
    expect(await tenant.login()).toEqual({ ok: true });
  });

  test('a tenant that is kept is closed, and opens again with its data', async () => {
    await createFreshMigrator(it, tenant);
    await it.as(`${tenant.name}_migrator`, MIGRATOR_PASSWORD, tenant.name, `CREATE TABLE kept AS SELECT 42 AS answer`);
    await removeMigrator(it.sessions, await tenant.spec());
    await closeDatabase(it.sessions, await tenant.spec());
    expect(await tenant.login()).toEqual({ ok: false, code: '28000' });

    await tenant.converge();
    expect(await tenant.app('SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  test('marks are rewritten for an object that came back under another uid, whatever was interrupted', async () => {
    const spec = await tenant.spec();
    const owner = { n: tenant.n, oid: Number(spec.databaseOid), oldUid: spec.uid, newUid: 'second', installation: INSTALLATION };
    for (let survived = 0; survived < 4; survived += 1) {
      const step = { ...owner, oldUid: spec.uid, newUid: `uid-${survived}` };
      it.fuse.burnAfter(survived);
      await rewriteOwnership(it.sessions, step).catch(unlessCrash);
      it.fuse.burnAfter(Number.POSITIVE_INFINITY);
      // The row still says the first uid; another object may have come by now.
      await rewriteOwnership(it.sessions, { ...step, newUid: `uid-${survived}-again` });
      const { database, roles } = await gatherTenant(it.sessions, spec);
      const uids = [database?.mark?.uid, roles.owner?.mark?.uid, roles.tenant?.mark?.uid];
      expect(new Set(uids)).toEqual(new Set([`uid-${survived}-again`]));
    }
    await rewriteOwnership(it.sessions, { ...owner, installation: 'another' });
    expect((await gatherTenant(it.sessions, spec)).database?.mark?.uid).toBe('uid-3-again');
  });
});
