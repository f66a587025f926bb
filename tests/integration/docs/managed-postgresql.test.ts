/**
 * The SQL of docs/managed-postgresql.md, by an administrator as managed services have it: no superuser, owner of the database postgres. The
 * operator then works on such a server.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runDocSql } from '../../support/doc-commands.ts';
import { queryAs } from '../../support/postgres.ts';
import { Studio } from '../../support/studio.ts';

const WORDS = { ADMIN_PASSWORD: 'adminSecret1', MASTER_PASSWORD: 'masterSecret1' };

let studio: Studio;

beforeAll(async () => {
  studio = await Studio.start();
  for (const sql of [
    'DROP DATABASE studio_platform_master',
    'REVOKE ALL ON DATABASE postgres FROM studio_admin',
    'DROP ROLE studio_admin, studio_master',
    "CREATE ROLE provider_admin LOGIN CREATEDB CREATEROLE PASSWORD 'providerSecret1'",
    'GRANT pg_signal_backend TO provider_admin WITH ADMIN OPTION',
    'ALTER DATABASE postgres OWNER TO provider_admin',
    'GRANT CONNECT ON DATABASE postgres TO PUBLIC',
  ])
    await studio.superuser(sql);
});

afterAll(async () => {
  await studio?.[Symbol.asyncDispose]();
});

const url = (user: string, password: string, database = 'postgres'): string =>
  `postgresql://${user}:${password}@127.0.0.1:${studio.postgres.port}/${database}`;
const asProvider = (): string => url('provider_admin', 'providerSecret1');

it('sees which databases are open, and whether it may close them', async () => {
  expect(await runDocSql('docs/managed-postgresql.md', 'look', asProvider())).toEqual([
    { datname: 'postgres', owner: 'provider_admin', revocable: true },
  ]);
});

it('makes the roles and closes what is open, without a superuser', async () => {
  await runDocSql('docs/managed-postgresql.md', 'roles', asProvider(), WORDS);
  await runDocSql('docs/managed-postgresql.md', 'close', asProvider());

  expect(await runDocSql('docs/managed-postgresql.md', 'look', asProvider())).toEqual([]);
});

it('is a server that the operator works on', async () => {
  await studio.cluster.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'main-admin', namespace: 'studio-system' },
    stringData: { username: 'studio_admin', password: WORDS.ADMIN_PASSWORD },
  });
  await studio.startOperator({ MASTER_DATABASE_URL: url('studio_master', WORDS.MASTER_PASSWORD, 'studio_platform_master') });
  await studio.serverReady('main');
  await studio.applyTenant('managed');
  await studio.settled('managed');

  expect(await studio.asTenant('managed', 'SELECT current_user')).toEqual([{ current_user: 'studio_1_db' }]);
  expect(await queryAs(asProvider(), "SELECT rolsuper FROM pg_roles WHERE rolname IN ('studio_admin', 'studio_operator')")).toEqual([
    { rolsuper: false },
  ]);
});
