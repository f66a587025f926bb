// A tenant's roles and database on every supported version: what is there afterwards, and that it is there whatever was interrupted.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gatherAll, gatherTenant } from '../../../src/servers/gather.ts';
import { differsOnServer } from '../../../src/desired/postgres/drift.ts';
import { Crash, world, type World } from './world.ts';

describe.each([16, 17, 18] as const)('on PostgreSQL %i', (major) => {
  let it: World;
  beforeAll(async () => {
    it = await world(major);
  });
  afterAll(async () => await it[Symbol.asyncDispose]());

  test('a fresh tenant can log in to its own database and to no other', async () => {
    const [one, other] = [await it.tenant(), await it.tenant()];
    await one.converge();
    await other.converge();

    expect(await one.login()).toEqual({ ok: true });
    expect(await one.login('wrong')).toEqual({ ok: false, code: '28P01' });
    const elsewhere = await it.sessions.login({ user: one.name, password: one.password, database: other.name });
    expect(elsewhere).toEqual({ ok: false, code: '42501' });
  });

  test('a second look finds nothing to do, for one tenant and for all', async () => {
    const tenant = await it.tenant({
      database: { extensions: [], connectionLimit: 7, settings: { work_mem: '8MB', timezone: 'Europe/Berlin' } },
    });
    await tenant.converge();
    const spec = await tenant.spec();

    expect(differsOnServer(spec, await gatherTenant(it.sessions, spec))).toBe(false);
    const facts = (await gatherAll(it.sessions)).get(tenant.n);
    expect(facts).toBeDefined();
    expect(facts !== undefined && differsOnServer(spec, facts)).toBe(false);
  });

  test('limits and settings hold for the login, and the database has room for the operator', async () => {
    const tenant = await it.tenant({
      database: { extensions: [], connectionLimit: 7, settings: { statement_timeout: '30s', timezone: 'UTC' } },
    });
    await tenant.converge();

    expect(await it.sql('SELECT rolconnlimit, rolcanlogin FROM pg_roles WHERE rolname = $1', [tenant.name])).toEqual([
      { rolconnlimit: 7, rolcanlogin: true },
    ]);
    expect(await it.sql('SELECT datconnlimit FROM pg_database WHERE datname = $1', [tenant.name])).toEqual([{ datconnlimit: 19 }]);
    expect(await tenant.app('SHOW statement_timeout')).toEqual([{ statement_timeout: '30s' }]);
  });

  test('the database and its roles carry the mark, the password is a verifier and the operator owns the database', async () => {
    const tenant = await it.tenant();
    await tenant.converge();
    const { uid } = tenant.object.metadata;

    const [row] = await it.sql(
      `SELECT pg_get_userbyid(datdba) AS owner, shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`,
      [tenant.name],
    );
    expect(row).toEqual({ owner: 'studio_admin', comment: JSON.stringify({ uid, installation: 'test-installation', init: true }) });
    const passwords = await it.sql('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [tenant.name]);
    expect(passwords).toEqual([{ rolpassword: expect.stringMatching(/^SCRAM-SHA-256\$4096:/) }]);
  });

  test('a crash before any statement ends in the same state', async () => {
    const reference = await it.tenant({ database: { extensions: ['citext'], settings: { work_mem: '8MB' } } });
    const before = it.fuse.statements;
    await reference.converge();
    const statements = it.fuse.statements - before;
    expect(statements).toBeGreaterThan(8);

    for (let survived = 0; survived < statements; survived += 1) {
      const tenant = await it.tenant({ database: { extensions: ['citext'], settings: { work_mem: '8MB' } } });
      it.fuse.burnAfter(survived);
      await expect(tenant.reconcile(), `statement ${survived}`).rejects.toThrow(Crash);
      await tenant.converge();
      expect(await stateOf(it, tenant.name), `after a crash before statement ${survived}`).toEqual(await stateOf(it, reference.name));
      expect(await tenant.login()).toEqual({ ok: true });
    }
    expect(await it.sql(`SELECT datname FROM pg_database WHERE datname LIKE 'studio_prov_%'`)).toEqual([]);
  });
});

/** Everything that makes a tenant, with its number and uid taken out. */
async function stateOf({ sql }: World, name: string): Promise<string> {
  const outside = await sql(
    `SELECT d.datacl::text, d.datconnlimit, d.datallowconn, pg_get_userbyid(d.datdba) AS owner,
      shobj_description(d.oid, 'pg_database')::json ->> 'init' AS init,
      (SELECT json_agg(s.setconfig) FROM pg_db_role_setting s WHERE s.setdatabase = d.oid) AS settings,
      (SELECT json_agg(json_build_array(r.rolname, r.rolcanlogin, r.rolconnlimit, r.rolinherit) ORDER BY r.rolname)
        FROM pg_roles r WHERE starts_with(r.rolname, d.datname)) AS roles,
      (SELECT json_agg(json_build_array(pg_get_userbyid(m.roleid), pg_get_userbyid(m.member), m.admin_option, m.inherit_option, m.set_option)
          ORDER BY pg_get_userbyid(m.roleid), pg_get_userbyid(m.member), m.admin_option)
        FROM pg_auth_members m WHERE starts_with(pg_get_userbyid(m.roleid), d.datname) OR starts_with(pg_get_userbyid(m.member), d.datname)) AS members
    FROM pg_database d WHERE d.datname = $1`,
    [name],
  );
  const inside = await sql(
    `SELECT (SELECT json_agg(json_build_array(nspname, nspacl::text) ORDER BY nspname) FROM pg_namespace WHERE nspname IN ('public', 'studio_migrations')) AS schemas,
      (SELECT json_agg(json_build_array(defaclobjtype, defaclacl::text) ORDER BY defaclobjtype) FROM pg_default_acl) AS defaults,
      (SELECT json_agg(extname ORDER BY extname) FROM pg_extension) AS extensions`,
    [],
    name,
  );
  return JSON.stringify([outside, inside]).replaceAll(/studio_\d+_db/g, 'studio_N_db');
}
