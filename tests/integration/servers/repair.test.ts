// Drift of what shows from outside and of what lies inside, repaired; what is not ours, left alone and said.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { differsOnServer } from '../../../src/desired/postgres/drift.ts';
import { gatherTenant } from '../../../src/servers/gather.ts';
import { type TestTenant, world, type World } from './world.ts';

let it: World;
let tenant: TestTenant;
beforeAll(async () => {
  it = await world();
});
afterAll(async () => await it[Symbol.asyncDispose]());
beforeEach(async () => {
  tenant = await it.tenant({ database: { extensions: [], connectionLimit: 5, settings: { work_mem: '8MB' } } });
  await tenant.converge();
});

const differs = async (): Promise<boolean> => {
  const spec = await tenant.spec();
  return differsOnServer(spec, await gatherTenant(it.sessions, spec));
};

/** What an administrator, or a tenant, does to the database D, its roles, and the role X of somebody else. */
const DRIFT: Readonly<Record<string, string>> = {
  'a closed database': `ALTER DATABASE D ALLOW_CONNECTIONS false`,
  'a connection limit on the database': `ALTER DATABASE D CONNECTION LIMIT 1`,
  'a connection limit on the login': `ALTER ROLE D CONNECTION LIMIT -1`,
  'a login that may not log in': `ALTER ROLE D NOLOGIN`,
  'a login that expires': `ALTER ROLE D VALID UNTIL '2030-01-01'`,
  'an owner role that may log in': `ALTER ROLE D_owner LOGIN`,
  'a setting of the database': `ALTER DATABASE D SET work_mem = '1GB'`,
  'a setting that was not asked for': `ALTER DATABASE D SET lock_timeout = '1s'`,
  'a setting taken from the database': `ALTER DATABASE D RESET ALL`,
  'CONNECT for everybody': `GRANT CONNECT ON DATABASE D TO PUBLIC`,
  'CONNECT for somebody else': `GRANT CONNECT ON DATABASE D TO X`,
  'CONNECT passed on by somebody else': `GRANT CONNECT ON DATABASE D TO X WITH GRANT OPTION; SET ROLE X; GRANT CONNECT ON DATABASE D TO PUBLIC; RESET ROLE`,
  'CREATE for the tenant': `GRANT CREATE ON DATABASE D TO D`,
  'CONNECT with grant option for the tenant': `GRANT CONNECT ON DATABASE D TO D WITH GRANT OPTION`,
  'CONNECT taken from the tenant': `REVOKE CONNECT ON DATABASE D FROM D`,
  'CREATE taken from the owner role': `REVOKE ALL ON DATABASE D FROM D_owner`,
  'a database given to the tenant': `ALTER DATABASE D OWNER TO D`,
  'a database given to the owner role': `ALTER DATABASE D OWNER TO D_owner`,
  'the group membership taken away': `REVOKE studio_tenant FROM D GRANTED BY studio_creator_0`,
  'a search_path that the tenant set on itself': `SET ROLE D; ALTER ROLE D SET search_path = 'elsewhere'; RESET ROLE`,
  'a role that the tenant set on itself': `SET ROLE D; ALTER ROLE D SET role = 'studio_tenant'; RESET ROLE`,
  'a setting of the tenant in its database': `SET ROLE D; ALTER ROLE D IN DATABASE D SET search_path = 'elsewhere'; RESET ROLE`,
  'a setting of megabytes': `SET ROLE D; DO $$ BEGIN EXECUTE 'ALTER ROLE D SET search_path = ' || (SELECT string_agg('a' || g, ',') FROM generate_series(1, 400000) g); END $$; RESET ROLE`,
  'megabytes in an allowed setting': `SET ROLE D; DO $$ BEGIN EXECUTE format('ALTER ROLE D SET work_mem = %L', '8MB' || repeat(' ', 1000000)); END $$; RESET ROLE`,
};

test.each(Object.entries(DRIFT))('%s is seen and mended', async (_what, statements) => {
  await it.sql(`DO $$ BEGIN CREATE ROLE somebody; EXCEPTION WHEN duplicate_object THEN NULL; END $$`);
  await it.sql(statements.replaceAll(/\bD\b/g, tenant.name).replaceAll('D_owner', tenant.owner).replaceAll(/\bX\b/g, 'somebody'));
  expect(await differs()).toBe(true);

  await tenant.converge();

  expect(await differs()).toBe(false);
  expect(await tenant.login()).toEqual({ ok: true });
  const granted = await it.sql('SELECT unnest(datacl)::text AS item FROM pg_database WHERE datname = $1', [tenant.name]);
  expect(new Set(granted.map(({ item }) => item))).toEqual(
    new Set([`${tenant.name}=c/studio_admin`, `${tenant.owner}=C/studio_admin`, 'studio_admin=CTc/studio_admin']),
  );
});

test('an allowed setting that the tenant set on itself stays', async () => {
  await tenant.app(`ALTER ROLE ${tenant.name} SET work_mem = '16MB'; ALTER ROLE ${tenant.name} SET search_path = 'x'`);
  await tenant.converge();
  expect(await tenant.app('SHOW work_mem')).toEqual([{ work_mem: '16MB' }]);
  expect(await tenant.app('SHOW search_path')).toEqual([{ search_path: '"$user", public' }]);
});

test("a setting that only a superuser can set on a role is the superuser's business", async () => {
  await it.sql(`ALTER ROLE ${tenant.name} SET log_min_duration_statement = '1s'`);
  expect(await differs()).toBe(false);
});

test('a password in the Secret follows into the role, and what the tenant chose itself is undone', async () => {
  tenant.changePassword('second-password');
  await tenant.converge();
  expect(await tenant.login('second-password')).toEqual({ ok: true });
  expect((await tenant.login('first-password')).ok).toBe(false);
});

test('a plan that is gone leaves limits and settings as they are', async () => {
  const { plan } = it;
  it.plan = undefined;
  tenant.change({ database: { extensions: [] } });
  await tenant.converge();
  it.plan = plan;
  expect(await it.sql('SELECT rolconnlimit FROM pg_roles WHERE rolname = $1', [tenant.name])).toEqual([{ rolconnlimit: 5 }]);
  expect(await tenant.app('SHOW work_mem')).toEqual([{ work_mem: '8MB' }]);
});

describe('suspended', () => {
  test('a tenant cannot log in, its sessions are ended, and resuming lets it in again', async () => {
    const sleeping = tenant.app('SELECT pg_sleep(60)').catch((error: unknown) => (error as { code: string }).code);
    await it.sql(
      `DO $$ BEGIN FOR i IN 1..200 LOOP PERFORM FROM pg_stat_activity WHERE usename = '${tenant.name}'; EXIT WHEN FOUND; PERFORM pg_sleep(0.05); PERFORM pg_stat_clear_snapshot(); END LOOP; END $$`,
    );
    tenant.change({ suspended: true });
    await tenant.converge();
    expect(await sleeping).toBe('57P01');
    expect(await tenant.login()).toEqual({ ok: false, code: '28000' });

    tenant.change({ suspended: false });
    await tenant.converge();
    expect(await tenant.login()).toEqual({ ok: true });
  });

  test('an open transaction that holds its own role does not keep it from being suspended', async () => {
    const holding = tenant
      .app(`BEGIN; ALTER ROLE ${tenant.name} PASSWORD 'other'; SELECT pg_sleep(60)`)
      .catch((error: unknown) => (error as { code: string }).code);
    await it.sql(
      `DO $$ BEGIN FOR i IN 1..200 LOOP PERFORM FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.usename = '${tenant.name}' AND l.relation = 'pg_authid'::regclass AND l.mode = 'RowExclusiveLock'; EXIT WHEN FOUND; PERFORM pg_sleep(0.05); PERFORM pg_stat_clear_snapshot(); END LOOP; END $$`,
    );
    tenant.change({ suspended: true });
    await tenant.converge();
    expect(await holding).toBe('57P01');
    expect(await tenant.login()).toEqual({ ok: false, code: '28000' });
  });
});

describe('what is not ours', () => {
  const verdict = async (): Promise<{ kind: string; reason?: string; message?: string }> => await tenant.reconcile();

  test('a database of the final name that carries no mark is neither adopted nor altered', async () => {
    const other = await it.tenant();
    await it.sql(`CREATE DATABASE ${other.name}`);
    await it.sql(`COMMENT ON DATABASE ${other.name} IS 'mine'`);
    const settled = await other.reconcile();
    expect(settled).toMatchObject({ kind: 'failed', reason: 'DatabaseConflict', blocks: true });
    expect(await it.sql(`SELECT shobj_description(oid, 'pg_database') AS c FROM pg_database WHERE datname = $1`, [other.name])).toEqual([
      { c: 'mine' },
    ]);
  });

  test('a role of the name that carries no mark is left alone, and heals when it is renamed', async () => {
    const other = await it.tenant();
    await it.sql(`CREATE ROLE ${other.name} LOGIN PASSWORD 'theirs'`);
    expect(await other.reconcile()).toMatchObject({ kind: 'failed', reason: 'RoleConflict', blocks: true });
    expect(await it.sql('SELECT rolconnlimit FROM pg_roles WHERE rolname = $1', [other.name])).toEqual([{ rolconnlimit: -1 }]);

    await it.sql(`ALTER ROLE ${other.name} RENAME TO renamed_${other.n}`);
    await other.converge();
  });

  test('a database of another installation is named as such', async () => {
    await it.sql(
      `COMMENT ON DATABASE ${tenant.name} IS '${JSON.stringify({ uid: tenant.object.metadata.uid, installation: 'other', init: true })}'`,
    );
    expect((await verdict()).message).toContain('installation "other"');
  });

  test('a database that is gone is lost, and never made again', async () => {
    await it.sql(`DROP DATABASE ${tenant.name}`);
    expect(await verdict()).toMatchObject({ kind: 'failed', reason: 'DatabaseLost', blocks: true });
    expect(await it.sql('SELECT FROM pg_database WHERE datname = $1', [tenant.name])).toEqual([]);
  });

  test('another database in its place is not taken for it, until an administrator says so', async () => {
    await it.sql(`DROP DATABASE ${tenant.name}`);
    const restore = /run as a superuser: (.*;) then/.exec((await verdict()).message ?? '')?.[1] ?? '';
    await it.sql(`CREATE DATABASE ${tenant.name}`);
    await it.sql(restore);
    const found = await verdict();
    expect(found).toMatchObject({ kind: 'failed', reason: 'DatabaseReplaced', blocks: true });

    const sql = /UPDATE organizations .*;/.exec(found.message ?? '')?.[0] ?? '';
    await it.sql(sql, [], 'studio_platform_master');
    await tenant.converge();
    expect(await tenant.login()).toEqual({ ok: true });
  });

  test('a membership that a superuser granted is reported with the SQL that undoes it', async () => {
    await it.sql(`DROP ROLE IF EXISTS outsider`);
    await it.sql(`CREATE ROLE outsider`);
    await it.sql(`GRANT ${tenant.name} TO outsider; GRANT pg_read_all_data TO ${tenant.name}`);
    const found = await verdict();
    expect(found).toMatchObject({ kind: 'failed', reason: 'ForeignMembership', blocks: false });

    await it.sql(/run: (.*)$/.exec(found.message ?? '')?.[1] ?? '');
    await tenant.converge();
  });

  test('attributes that a superuser gave are reported with the SQL that takes them', async () => {
    await it.sql(`ALTER ROLE ${tenant.name} CREATEDB BYPASSRLS`);
    const found = await verdict();
    expect(found).toMatchObject({ kind: 'failed', reason: 'ForeignAttributes' });
    await it.sql(/run: (.*)$/.exec(found.message ?? '')?.[1] ?? '');
    await tenant.converge();
  });

  test('a database that a superuser gave to somebody else is reported with the SQL that gives it back', async () => {
    await it.sql(`ALTER DATABASE ${tenant.name} OWNER TO postgres`);
    const found = await verdict();
    expect(found).toMatchObject({ kind: 'failed', reason: 'OwnerChanged' });
    await it.sql(/run: (.*)$/.exec(found.message ?? '')?.[1] ?? '');
    await tenant.converge();
  });
});

describe('inside', () => {
  const acls = async (): Promise<unknown> =>
    await it.sql(
      `SELECT (SELECT json_object_agg(nspname, nspacl::text) FROM pg_namespace WHERE nspname IN ('public', 'studio_migrations')) AS schemas,
        (SELECT json_agg(defaclacl::text ORDER BY defaclobjtype) FROM pg_default_acl) AS defaults`,
      [],
      tenant.name,
    );

  test.each([
    'GRANT ALL ON SCHEMA public TO PUBLIC',
    'GRANT USAGE ON SCHEMA studio_migrations TO D',
    'REVOKE USAGE ON SCHEMA public FROM D',
    'REVOKE ALL ON SCHEMA studio_migrations FROM D_owner',
    'ALTER DEFAULT PRIVILEGES FOR ROLE D_owner IN SCHEMA public REVOKE INSERT ON TABLES FROM D',
    'DROP SCHEMA studio_migrations',
  ])('%s is mended', async (statement) => {
    const before = await acls();
    await it.sql(statement.replaceAll('D_owner', tenant.owner).replaceAll(/\bD\b/g, tenant.name), [], tenant.name);
    expect(await acls()).not.toEqual(before);
    await tenant.converge();
    expect(await acls()).toEqual(before);
  });

  test('an extension that is asked for later is made by a login of its own, which is gone afterwards', async () => {
    tenant.change({ database: { extensions: ['earthdistance', 'hstore'] } });
    const found = await tenant.reconcile();
    // earthdistance is not a trusted one; hstore is made all the same.
    expect(found).toMatchObject({ kind: 'failed', reason: 'ExtensionNotTrusted' });
    expect(
      await it.sql(
        `SELECT extname, pg_get_userbyid(extowner) AS owner, nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'hstore'`,
        [],
        tenant.name,
      ),
    ).toEqual([{ extname: 'hstore', owner: tenant.owner, nspname: 'public' }]);
    expect(await it.sql('SELECT FROM pg_roles WHERE rolname = $1', [`${tenant.name}_migrator`])).toEqual([]);

    await it.sql(
      `CREATE EXTENSION cube SCHEMA public; ${/CREATE EXTENSION [^;]*;/.exec('message' in found ? (found.message ?? '') : '')?.[0]}`,
      [],
      tenant.name,
    );
    await tenant.converge();
  });

  test('an extension that the server does not have is named beside those that it has', async () => {
    tenant.change({ database: { extensions: ['no_such_thing'] } });
    const found = await tenant.reconcile();
    expect(found).toMatchObject({ kind: 'failed', reason: 'ExtensionUnavailable' });
    expect('message' in found ? found.message : '').toMatch(/no_such_thing.*citext.*hstore/);
  });

  test('nothing is mended where an event trigger would run with our rights', async () => {
    await it.sql(
      `CREATE FUNCTION public.f() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
       ALTER ROLE ${tenant.owner} SUPERUSER; CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION public.f();
       ALTER EVENT TRIGGER e OWNER TO ${tenant.owner}; ALTER ROLE ${tenant.owner} NOSUPERUSER; GRANT ALL ON SCHEMA public TO PUBLIC`,
      [],
      tenant.name,
    );
    expect(await tenant.reconcile()).toMatchObject({ kind: 'failed', reason: 'EventTrigger' });
  });
});
