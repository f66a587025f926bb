/** The SQL and the commands of docs/production.md, on a server with a tenant. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runDocBlock, runDocSql, writeDocFiles } from '../../support/doc-commands.ts';
import { eventually } from '../../support/eventually.ts';
import { queryAs } from '../../support/postgres.ts';
import { startDocsWorldWithTenant, WITH_PODS_MS, type DocsWorld } from './world.ts';

let world: DocsWorld;

beforeAll(async () => {
  world = await startDocsWorldWithTenant();
}, WITH_PODS_MS);

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

it('sets what a restart brings into effect, every line of it', async () => {
  await runDocSql('docs/production.md', 'settings', world.postgres.superuserUrl);
  await world.postgres.halt();
  await world.postgres.resume();

  const settings = await world.superuser<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings WHERE name IN ('recovery_init_sync_method', 'autovacuum_naptime', 'reserved_connections',
       'max_locks_per_transaction', 'temp_file_limit') AND NOT pending_restart`,
  );
  expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
    recovery_init_sync_method: 'syncfs',
    autovacuum_naptime: '900',
    reserved_connections: '20',
    max_locks_per_transaction: '128',
    temp_file_limit: String(5 * 1024 * 1024),
  });
  await eventually(async () => (await world.kubectl('get', 'postgresserver', 'main')).includes('True'));
});

it('shows who has connections, and how large databases are', async () => {
  const connections = await runDocSql('docs/production.md', 'connections', world.postgres.superuserUrl);
  const sizes = await runDocSql('docs/production.md', 'sizes', world.postgres.superuserUrl);

  expect(connections).toContainEqual({ datname: 'postgres', connections: expect.any(String), most: '100' });
  expect(sizes).toEqual([{ datname: 'studio_1_db', size: expect.stringMatching(/^\d+ kB$/) }]);
});

it("lets a pooler look up tenants' logins, and nobody else's", async () => {
  await runDocSql('docs/production.md', 'pooler', world.postgres.superuserUrl, { POOLER_PASSWORD: 'poolerSecret1' });
  const url = world.url('pgbouncer', 'poolerSecret1', 'postgres');
  const lookedUp = async (login: string) => await queryAs(url, 'SELECT * FROM pgbouncer.user_lookup($1)', [login]);

  expect(await lookedUp('studio_1_db')).toEqual([{ usename: 'studio_1_db', passwd: expect.stringMatching(/^SCRAM-SHA-256\$/) }]);
  for (const other of ['postgres', 'studio_admin', 'studio_master', 'pgbouncer', 'studio_1_db_owner']) {
    expect(await lookedUp(other)).toEqual([]);
  }
  await expect(queryAs(url, 'SELECT rolpassword FROM pg_authid')).rejects.toMatchObject({ code: '42501' });
});

it(
  'stops the operator, and starts it again',
  async () => {
    await runDocBlock('docs/production.md', 'stop', world.shell);

    await eventually(async () => (await world.kubectl('-n', 'studio-system', 'get', 'deployment', 'studio-operator')).includes('2/2'));
  },
  WITH_PODS_MS,
);

it('has a network policy that the API server takes', async () => {
  await writeDocFiles('docs/production.md', world.shell);
  expect(await runDocBlock('docs/production.md', 'network', world.shell)).toContain('created');
});
