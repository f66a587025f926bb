/**
 * docs/migrations.md and docs/examples/migrations: node-pg-migrate as the operator's image runs it, Alembic from Debian's packages, each as
 * the Jobs of releases on a tenant; Flyway's SQL alone, because Flyway is not to be had from the registries that tests reach.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { unpackedDebianPackages } from '../../../dev/debian-packages.ts';
import { type LocalImage, operatorImage } from '../../../dev/pod-runner/images.ts';
import { runDocBlock, writeDocFiles } from '../../support/doc-commands.ts';
import { eventually } from '../../support/eventually.ts';
import { queryAs, withDatabase } from '../../support/postgres.ts';
import { installAsDocumented, startDocsWorld, WITH_PODS_MS, type DocsWorld } from './world.ts';

const EXAMPLES = path.resolve(import.meta.dirname, '../../../docs/examples/migrations');

let directory: string;
let world: DocsWorld;

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'studio-docs-migrations-'));
  await symlink(path.join(EXAMPLES, 'node-pg-migrate/migrations'), path.join(directory, 'my-migrations'));
  world = await startDocsWorld({
    images: {
      'registry.example/shop-schema:1': { ...operatorImage(), workingDirectory: directory },
      'registry.example/shop-schema-alembic:2': await alembicImage(),
    },
  });
  await installAsDocumented(world);
  await writeDocFiles('docs/first-tenant.md', world.shell);
  await runDocBlock('docs/first-tenant.md', 'tenant', world.shell);
  await writeDocFiles('docs/migrations.md', world.shell);
}, WITH_PODS_MS);

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

/** What its Dockerfile installs, unpacked; the interpreter is the one that Debian built its modules for. */
async function alembicImage(): Promise<LocalImage> {
  const { env, program, root } = await unpackedDebianPackages(['python3-alembic', 'python3-psycopg2', 'python3.11-minimal']);
  const modules = ['usr/lib/python3.11', 'usr/lib/python3.11/lib-dynload', 'usr/lib/python3/dist-packages'];
  return {
    programs: { python3: [program('python3.11')] },
    entryPoint: ['python3', 'migrate.py'],
    workingDirectory: path.join(EXAMPLES, 'alembic'),
    env: {
      PATH: '/usr/bin:/bin',
      LD_LIBRARY_PATH: env['LD_LIBRARY_PATH'] ?? '',
      PYTHONPATH: modules.map((folder) => path.join(root, folder)).join(':'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
  };
}

/** Which tables the tenant sees, and where the tools keep their own. */
const tablesOf = async (schema: string): Promise<readonly string[]> =>
  (
    await world.superuser<{ tablename: string }>(`SELECT tablename FROM pg_tables WHERE schemaname = '${schema}' ORDER BY 1`, 'studio_1_db')
  ).map(({ tablename }) => tablename);

const asTenant = async (sql: string) => {
  const uri = await world.kubectl('-n', 'studio-tenants', 'get', 'secret', 'my-studio-database', '-o', 'jsonpath={.data.uri}');
  return await queryAs(Buffer.from(uri, 'base64').toString().replace(/\?.*$/, ''), sql);
};

it('brings a schema of one by node-pg-migrate', async () => {
  expect(await runDocBlock('docs/migrations.md', 'node-pg-migrate', world.shell)).toMatch(/shop-1 +1 .* True +RolledOut/);

  expect(await tablesOf('public')).toEqual(['products']);
  expect(await tablesOf('studio_migrations')).toEqual(['pgmigrations']);
});

it(
  'brings a schema by Alembic, with its own table out of reach',
  async () => {
    await runDocBlock('docs/migrations.md', 'alembic', world.shell);

    expect(await tablesOf('public')).toEqual(['orders', 'products']);
    expect(await tablesOf('studio_migrations')).toEqual(['alembic_version', 'pgmigrations']);
    expect(await asTenant('INSERT INTO orders (total_cents) VALUES (1200) RETURNING id')).toEqual([{ id: '1' }]);
    await expect(asTenant('SELECT * FROM studio_migrations.alembic_version')).rejects.toMatchObject({ code: '42501' });
  },
  WITH_PODS_MS,
);

it("tells the operator by Alembic's exit code whether another try is worth it", async () => {
  const { programs, workingDirectory, env } = await alembicImage();
  const [python = ''] = programs['python3'] ?? [];
  const exitCode = (databaseUrl: string): number | null =>
    spawnSync(python, ['migrate.py'], { cwd: workingDirectory, env: { ...env, DATABASE_URL: databaseUrl } }).status;
  await world.superuser('CREATE DATABASE half_made');
  await world.superuser('CREATE SCHEMA studio_migrations; CREATE TABLE orders (id int)', 'half_made');

  expect(exitCode('postgresql://nobody:nothing@127.0.0.1:1/nowhere')).toBe(75);
  expect(exitCode(withDatabase(world.postgres.superuserUrl, 'half_made'))).toBe(65);
  expect(exitCode(withDatabase(world.postgres.superuserUrl, 'studio_1_db'))).toBe(0);
});

it('pauses a release, and goes on', async () => {
  expect(await runDocBlock('docs/migrations.md', 'rollout', world.shell)).toContain('patched');
});

it('tries a release again', async () => {
  expect(await runDocBlock('docs/migrations.md', 'retry', world.shell)).toContain('annotated');

  const handled = async (): Promise<string> =>
    await world.kubectl('get', 'schemarelease', 'shop-alembic-2', '-o', 'jsonpath={.status.handled.retry}');
  await eventually(async () => (await handled()) !== '', { timeoutMs: 60_000 });
});

it("has SQL for Flyway that the schema's owner may run", async () => {
  const sql = await readFile(path.join(EXAMPLES, 'flyway/sql/V1__create_invoices.sql'), 'utf8');
  await world.superuser(`SET ROLE studio_1_db_owner; SET search_path = studio_migrations; ${sql}`, 'studio_1_db');

  expect(await asTenant("INSERT INTO invoices (number, total_cents) VALUES ('1', 100) RETURNING number")).toEqual([{ number: '1' }]);
});
