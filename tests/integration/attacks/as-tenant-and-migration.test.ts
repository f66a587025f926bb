// What a tenant may try with its login, and with what it ships as a migration. Most must be refused; what PostgreSQL leaves open to
// every role is named here as open, so that a change of it is noticed.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scramVerifier } from '../../../src/clients/postgres/scram.ts';
import { createMigrator } from '../../../src/servers/migrator.ts';
import { eventually } from '../../support/eventually.ts';
import { PASSWORD, type TestTenant, world, type World } from '../servers/world.ts';

const REFUSED: Readonly<Record<string, string>> = {
  'reading pg_authid': 'SELECT * FROM pg_authid',
  'reading pg_shadow': 'SELECT * FROM pg_shadow',
  'reading user mappings': 'SELECT * FROM pg_user_mapping',
  'reading subscriptions': 'SELECT subconninfo FROM pg_subscription',
  'reading pg_hba.conf': 'SELECT * FROM pg_hba_file_rules',
  "another tenant's size": `SELECT pg_database_size('{other}')`,
  'extension dblink': 'CREATE EXTENSION dblink SCHEMA public',
  'extension postgres_fdw': 'CREATE EXTENSION postgres_fdw SCHEMA public',
  'extension file_fdw': 'CREATE EXTENSION file_fdw SCHEMA public',
  'running a program': `COPY (SELECT 1) TO PROGRAM 'id'`,
  'reading a file': `CREATE TEMP TABLE f (t text); COPY f FROM '/etc/passwd'`,
  'reading a file by function': `SELECT pg_read_file('/etc/passwd')`,
  'listing a directory': `SELECT pg_ls_dir('.')`,
  'a file status': `SELECT pg_stat_file('.')`,
  'importing a file': `SELECT lo_import('/etc/passwd')`,
  'temporary tables': 'CREATE TEMP TABLE x (i int)',
  'dropping its own database': 'DROP DATABASE {own}',
  'renaming its own database': 'ALTER DATABASE {own} RENAME TO z',
  "renaming another's database": 'ALTER DATABASE {other} RENAME TO z',
  "dropping another's database": 'DROP DATABASE {other}',
  "limiting another's connections": 'ALTER DATABASE {other} CONNECTION LIMIT 0',
  'commenting on its own database': `COMMENT ON DATABASE {own} IS 'forged'`,
  'commenting on its own role': `COMMENT ON ROLE {own} IS 'forged'`,
  'owning its own database': 'ALTER DATABASE {own} OWNER TO {own}',
  'lifting the connection limit of its database': 'ALTER DATABASE {own} CONNECTION LIMIT -1',
  'a setting of its database': `ALTER DATABASE {own} SET search_path = 'x'`,
  'making a database': 'CREATE DATABASE z',
  'making a role': 'CREATE ROLE z',
  'becoming the operator': 'SET ROLE studio_admin',
  'becoming the superuser': 'SET ROLE postgres',
  'becoming a creator': 'SET ROLE studio_creator_0',
  'becoming the group': 'SET ROLE studio_tenant',
  'becoming another tenant': 'SET ROLE {other}',
  "becoming another tenant's owner": 'SET ROLE {other}_owner',
  'another session': 'SET SESSION AUTHORIZATION postgres',
  "ending the operator's sessions": `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'studio_admin'`,
  'lifting its own connection limit': 'ALTER ROLE {own} CONNECTION LIMIT -1',
  'more powers': 'ALTER ROLE {own} CREATEROLE',
  "another tenant's password": `ALTER ROLE {other} PASSWORD 'x'`,
  "the operator's password": `ALTER ROLE studio_admin PASSWORD 'x'`,
  'membership in another tenant': 'GRANT {other} TO {own}',
  'the group for another role': 'GRANT studio_tenant TO {other}_owner',
  "dropping another's things": 'DROP OWNED BY {other}_owner',
  'more temporary files': 'SET temp_file_limit = -1',
  'an event trigger': 'CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION suppress_redundant_updates_trigger()',
  'a subscription': `CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p`,
  'a publication of everything': 'CREATE PUBLICATION p FOR ALL TABLES',
  'a foreign server': 'CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw',
  'switching the log': 'SELECT pg_switch_wal()',
  'a replication slot': `SELECT pg_create_physical_replication_slot('s')`,
  reloading: 'SELECT pg_reload_conf()',
  'a checkpoint': 'CHECKPOINT',
  'changing a file of settings': `ALTER SYSTEM SET work_mem = '1GB'`,
};

/** Only the tenant's login: a migration owns the schema. */
const REFUSED_TO_THE_TENANT: Readonly<Record<string, string>> = {
  'a trusted extension': 'CREATE EXTENSION hstore',
  'making a table': 'CREATE TABLE public.x (i int)',
  'making a schema': 'CREATE SCHEMA s',
  'altering a table': 'ALTER TABLE items ADD y int',
  'truncating a table': 'TRUNCATE items',
  'forging the history of migrations': 'DELETE FROM studio_migrations.done',
  'becoming the owner': 'SET ROLE {own}_owner',
};

const OPEN: Readonly<Record<string, string>> = {
  'names of databases': 'SELECT datname FROM pg_database',
  'names of roles': 'SELECT rolname FROM pg_roles',
  'comments on databases': `SELECT shobj_description(oid, 'pg_database') FROM pg_database`,
  'settings of other roles': 'SELECT setconfig FROM pg_db_role_setting',
  'who is connected': 'SELECT usename, datname FROM pg_stat_activity',
  'large objects': 'SELECT lo_create(0)',
  'its own settings': `ALTER ROLE {self} SET statement_timeout = '1h'`,
  'code of its own': 'DO $$ BEGIN PERFORM 1; END $$',
};

let it: World;
let own: TestTenant;
let other: TestTenant;
beforeAll(async () => {
  it = await world();
  [own, other] = [await it.tenant({ database: { extensions: [], connectionLimit: 3 } }), await it.tenant()];
  for (const tenant of [own, other]) {
    await tenant.converge();
    const options = { verifier: await scramVerifier(PASSWORD), validUntil: new Date(Date.now() + 3_600_000), lockTimeoutMs: 1_000 };
    await createMigrator(it.sessions, await tenant.spec(), options);
  }
  await asMigration('CREATE TABLE items (id bigint GENERATED ALWAYS AS IDENTITY, v text); CREATE TABLE studio_migrations.done (i int)');
});
afterAll(async () => await it[Symbol.asyncDispose]());

const named = (text: string): string => text.replaceAll('{own}', own.name).replaceAll('{other}', other.name);
const asTenant = (...statements: readonly string[]) =>
  it.as(own.name, PASSWORD, own.name, ...statements.map((text) => named(text).replaceAll('{self}', own.name)));
const asMigration = (...statements: readonly string[]) => it.as(`${own.name}_migrator`, PASSWORD, own.name, ...statements.map(named));

const code = async (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'it worked',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );

/** 42501 insufficient privilege; 42704, 0A000, 42P13 and 22023 where the statement fails before rights are looked at. */
const REFUSAL = /^(42501|42704|0A000|42P13)$/;

describe('the login of a tenant', () => {
  test('its own work goes on', async () => {
    await asTenant(`INSERT INTO items (v) VALUES ('legitimate')`);
    expect(await asTenant('SELECT v FROM items')).toEqual([{ v: 'legitimate' }]);
  });

  test.each(Object.entries({ ...REFUSED, ...REFUSED_TO_THE_TENANT }))('is refused %s', async (_what, text) => {
    await it.sessions.control.query({ text: 'SELECT' });
    expect(await code(asTenant(text))).toMatch(REFUSAL);
  });

  test.each(Object.entries(OPEN))('sees, or may do, as every role: %s', async (_what, text) => {
    expect(await code(asTenant(text))).toBe('it worked');
  });

  test('has no more connections than it was given', async () => {
    const held = [1, 2, 3].map(async () => await code(asTenant('SELECT pg_sleep(60)')));
    await eventually(async () => (await it.sql('SELECT FROM pg_stat_activity WHERE usename = $1', [own.name])).length === 3);
    expect(await code(asTenant('SELECT 1'))).toBe('53300');
    await it.sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [own.name]);
    expect(await Promise.all(held)).toEqual(['57P01', '57P01', '57P01']);
  });
});

describe('a migration', () => {
  test.each(Object.entries(REFUSED))('is refused %s', async (_what, text) => {
    await it.sessions.control.query({ text: 'SELECT' });
    expect(await code(asMigration(text))).toMatch(REFUSAL);
    // Nor by stepping out of the owner's role first.
    expect(await code(asMigration('SET ROLE NONE', text))).toMatch(REFUSAL);
  });

  test('is refused a login for the owner role and a role of its choice', async () => {
    expect(await code(asMigration('ALTER ROLE {own}_owner LOGIN'))).toBe('42501');
    expect(await code(asMigration('SET ROLE NONE; ALTER ROLE {own} SUPERUSER'))).toBe('42501');
    expect(await code(asMigration(`SET ROLE NONE; SET ROLE {own}`))).toBe('42501');
    expect(await code(asMigration(`SET ROLE NONE; ALTER ROLE {own} PASSWORD 'x'`))).toBe('42501');
  });
});

describe.each(['tenant', 'migration'])('the %s login', (who) => {
  const user = (): string => (who === 'tenant' ? own.name : `${own.name}_migrator`);

  test.each(['{other}', 'studio_platform_master', 'template1', 'template0', 'postgres'])('cannot connect to %s', async (database) => {
    expect(await code(it.as(user(), PASSWORD, named(database), 'SELECT 1'))).toMatch(/^(42501|55000)$/);
  });

  test('cannot open a database for others, although PostgreSQL only warns', async () => {
    const acl = await it.sql('SELECT datacl::text FROM pg_database WHERE datname = $1', [own.name]);
    await code((who === 'tenant' ? asTenant : asMigration)('GRANT CONNECT ON DATABASE {own} TO PUBLIC'));
    await code((who === 'tenant' ? asTenant : asMigration)('GRANT CONNECT ON DATABASE {other} TO PUBLIC'));
    expect(await it.sql('SELECT datacl::text FROM pg_database WHERE datname = $1', [own.name])).toEqual(acl);
    expect(await code(it.as(other.name, PASSWORD, own.name, 'SELECT 1'))).toBe('42501');
  });
});
