// A migration plants functions, operators, casts, views and triggers under the names of the catalog's own, and waits for the operator
// to come. Whatever the operator does in that database, nothing of it may run with the operator's rights.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { scramVerifier } from '../../../src/clients/postgres/scram.ts';
import { gatherInside } from '../../../src/servers/inside.ts';
import { createMigrator, removeMigrator } from '../../../src/servers/migrator.ts';
import { closeDatabase, dropDatabase, dropRoles } from '../../../src/servers/removal.ts';
import { PASSWORD, type TestTenant, world, type World } from '../servers/world.ts';

/** Runs as whoever calls it; when that is the operator it tries what only the operator may, and leaves its name. */
const evil = (other: string): string => `
CREATE FUNCTION public.evil(tag text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN
  IF session_user <> 'studio_admin' THEN RETURN 0; END IF;
  BEGIN EXECUTE 'RESET ROLE'; EXCEPTION WHEN OTHERS THEN NULL; END;
  BEGIN EXECUTE 'SET ROLE studio_admin'; EXCEPTION WHEN OTHERS THEN NULL; END;
  EXECUTE 'GRANT CONNECT ON DATABASE ${other} TO PUBLIC';
  EXECUTE 'CREATE ROLE backdoor_' || tag;
  RETURN 1;
END $$;
CREATE FUNCTION public.lower(name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM public.evil('lower'); RETURN pg_catalog.lower($1::text); END $$;
CREATE FUNCTION public.format(text, name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM public.evil('format'); RETURN $1; END $$;
CREATE FUNCTION public.pg_get_userbyid(oid) RETURNS name LANGUAGE plpgsql AS $$ BEGIN PERFORM public.evil('userbyid'); RETURN 'x'; END $$;
CREATE FUNCTION public.acldefault(text, oid) RETURNS aclitem[] LANGUAGE plpgsql AS $$ BEGIN PERFORM public.evil('acldefault'); RETURN '{}'; END $$;
CREATE FUNCTION public.json_build_array(name, name, text, boolean) RETURNS json LANGUAGE plpgsql AS $$ BEGIN PERFORM public.evil('jsonarray'); RETURN '[]'; END $$;
CREATE FUNCTION public.json_build_object(text, name, text, name, text, json) RETURNS json LANGUAGE plpgsql AS $$ BEGIN PERFORM public.evil('jsonobject'); RETURN '{}'; END $$;
CREATE FUNCTION public.nameeq(name, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM public.evil('nameeq'); RETURN true; END $$;
CREATE OPERATOR public.= (leftarg = name, rightarg = text, function = public.nameeq);
CREATE FUNCTION public.evilcat(name, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM public.evil('concat'); RETURN $2; END $$;
CREATE OPERATOR public.|| (leftarg = name, rightarg = text, function = public.evilcat);
CREATE TYPE public.pill AS (i int);
CREATE FUNCTION public.pill_text(public.pill) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM public.evil('cast'); RETURN 'x'; END $$;
CREATE CAST (public.pill AS text) WITH FUNCTION public.pill_text(public.pill) AS IMPLICIT;
CREATE VIEW public.pg_extension AS SELECT 'x'::name AS extname, public.evil('view') AS e;
CREATE VIEW public.pg_namespace AS SELECT 'public'::name AS nspname, public.evil('namespace') AS e;
CREATE TABLE public.sessions (i int PRIMARY KEY);
CREATE FUNCTION public.trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.evil('trigger'); RETURN new; END $$;
CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON public.sessions FOR EACH ROW EXECUTE FUNCTION public.trap();
CREATE VIEW studio_migrations.pgmigrations AS SELECT public.evil('history') AS e;
CREATE SCHEMA studio_admin; CREATE VIEW studio_admin.pg_extension AS SELECT 'x'::name AS extname, public.evil('userschema') AS e;
CREATE FUNCTION studio_admin.lower(name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM public.evil('userlower'); RETURN 'x'; END $$;
GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC; GRANT USAGE ON SCHEMA studio_admin TO PUBLIC;`;

let it: World;
let tenant: TestTenant;
let victim: TestTenant;
beforeAll(async () => {
  it = await world();
  [tenant, victim] = [await it.tenant(), await it.tenant()];
  await tenant.converge();
  await victim.converge();
  await createFreshMigrator();
  await it.as(`${tenant.name}_migrator`, PASSWORD, tenant.name, evil(victim.name));
  // A careless administrator makes it worse: even these do not reach a session whose start-up options say otherwise.
  await it.sql(
    `ALTER DATABASE ${tenant.name} SET search_path = public, pg_catalog; ALTER ROLE studio_admin SET search_path = public, pg_catalog`,
  );
});
afterAll(async () => await it[Symbol.asyncDispose]());

const createFreshMigrator = async (): Promise<void> => {
  const options = { verifier: await scramVerifier(PASSWORD), validUntil: new Date(Date.now() + 600_000), lockTimeoutMs: 1_000 };
  await createMigrator(it.sessions, await tenant.spec(), options);
};

const harm = async (): Promise<unknown> => ({
  backdoors: await it.sql(`SELECT rolname FROM pg_roles WHERE rolname LIKE 'backdoor%'`),
  open: await it.sql(`SELECT FROM pg_database, aclexplode(datacl) a WHERE datname = $1 AND a.grantee = 0`, [victim.name]),
});
const none = { backdoors: [], open: [] };

test('the traps are live: an ordinary session of the operator falls into them', async () => {
  const { username, password } = new URL(it.server.adminUrl);
  await it.as(username, password, tenant.name, 'SELECT lower(nspname) FROM pg_catalog.pg_namespace LIMIT 1');
  expect(await harm()).not.toEqual(none);
  await it.sql(`DROP ROLE backdoor_lower; REVOKE ALL ON DATABASE ${victim.name} FROM PUBLIC`);
});

test('looking inside, mending grants, adding an extension and migrating again set none of them off', async () => {
  await gatherInside(it.sessions, await tenant.spec());
  await removeMigrator(it.sessions, await tenant.spec());
  await it.sql(
    `GRANT ALL ON SCHEMA public TO PUBLIC; ALTER DEFAULT PRIVILEGES FOR ROLE ${tenant.owner} IN SCHEMA public REVOKE ALL ON TABLES FROM ${tenant.name}`,
    [],
    tenant.name,
  );
  tenant.change({ database: { extensions: ['citext', 'pgcrypto'] } });
  await tenant.converge();
  await createFreshMigrator();
  await it.as(`${tenant.name}_migrator`, PASSWORD, tenant.name, 'SET ROLE NONE', `SELECT lo_create(7)`);
  await removeMigrator(it.sessions, await tenant.spec());
  expect(await harm()).toEqual(none);
});

test('clearing away what holds another role, and taking the tenant down, set none of them off', async () => {
  const doomed = await it.tenant();
  await doomed.converge();
  await tenant.app(`ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${doomed.name}`);
  const dropped: string[] = [];
  for (const one of [doomed, tenant]) {
    const spec = await one.spec();
    await closeDatabase(it.sessions, spec);
    await dropDatabase(it.sessions, spec);
    dropped.push((await dropRoles(it.sessions, spec)).kind);
  }
  expect(dropped).toEqual(['dropped', 'dropped']);
  expect(await harm()).toEqual(none);
});
