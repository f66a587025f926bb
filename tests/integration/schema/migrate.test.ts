// The program that a migration Job runs, as a process with nothing but its environment, on a real PostgreSQL.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { freshDatabase, freshServer, queryAs } from '../../support/postgres.ts';

const run = promisify(execFile);
const PROGRAM = path.resolve(import.meta.dirname, '../../../src/migrate.ts');
const STUDIO_1 = path.resolve(import.meta.dirname, '../../../migrations/tenant/studio-1');
const STUDIO_2 = path.resolve(import.meta.dirname, '../../../migrations/tenant/studio-2');
const CANDIDATE = path.resolve(import.meta.dirname, '../../../migrations/tenant/studio-2-rc');

interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const migrate = async (databaseUrl: string, ...folders: string[]): Promise<Ending> => {
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: `${databaseUrl}?sslmode=disable`,
    STUDIO_TENANT: 'my-studio',
    STUDIO_RELEASE: 'studio-1',
  };
  try {
    return { code: 0, ...(await run(process.execPath, [PROGRAM, ...folders], { env })) };
  } catch (error) {
    return error as Ending;
  }
};

/** A folder with the given files, gone with the test. */
const folderOf = async (files: Readonly<Record<string, string>>): Promise<{ folder: string } & AsyncDisposable> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'migrations-'));
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  return { folder, [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true }) };
};

const tablesOf = async (url: string): Promise<readonly unknown[]> =>
  (await queryAs(url, `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`)).map(
    ({ relname }) => relname,
  );

test('the first release of the sample schema makes its tables, and the second goes on from there', async () => {
  await using database = await freshDatabase();
  await queryAs(database.superuserUrl, `grant create on schema public to ${database.name}`);

  const first = await migrate(database.url, STUDIO_1);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toContain('done: 4 migrations');
  expect(await tablesOf(database.url)).toEqual(['bookings', 'clients', 'invoice_lines', 'invoices', 'sessions']);

  const second = await migrate(database.url, STUDIO_1, STUDIO_2);
  expect(second.stdout).toContain('done: 3 migrations');
  expect(await tablesOf(database.url)).toContain('assets');

  const again = await migrate(database.url, STUDIO_1, STUDIO_2);
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).toContain('nothing to do');
});

test('an older release than the database is at changes nothing and succeeds', async () => {
  await using database = await freshDatabase();
  await queryAs(database.superuserUrl, `grant create on schema public to ${database.name}`);
  await migrate(database.url, STUDIO_1, STUDIO_2);

  const older = await migrate(database.url, STUDIO_1);

  expect(older).toMatchObject({ code: 0 });
  expect(await tablesOf(database.url)).toContain('assets');
});

test('the sample schema keeps what its constraints promise', async () => {
  await using database = await freshDatabase();
  await queryAs(database.superuserUrl, `grant create on schema public to ${database.name}`);
  await migrate(database.url, STUDIO_1, STUDIO_2);
  await queryAs(database.url, `insert into clients (email, full_name) values ('someone@studio.example', 'Someone')`);

  await expect(
    queryAs(database.url, `insert into clients (email, full_name) values ('SOMEONE@studio.example', 'Another')`),
  ).rejects.toMatchObject({
    code: '23505',
  });
  await expect(queryAs(database.url, `insert into bookings (session_id, client_id) values (1, 1)`)).rejects.toMatchObject({
    code: '23503',
  });
});

test('a failing migration leaves nothing behind and says where and why', async () => {
  await using database = await freshDatabase();
  await queryAs(database.superuserUrl, `grant create on schema public to ${database.name}`);

  const failed = await migrate(database.url, STUDIO_1, CANDIDATE);

  expect(failed.code).toBe(65);
  expect(failed.stderr.trim().split('\n')).toEqual([
    '--- migration failed ---',
    'error: could not create unique index "price_list_name_key"',
    'sqlState: 23505',
    'file: 0006_unique-price-names.sql',
    'detail: Key (name)=(Portrait) is duplicated.',
  ]);
  expect(await tablesOf(database.url)).toEqual([]);
});

test('a mistake in the SQL is reported with its line', async () => {
  await using database = await freshDatabase();
  await using files = await folderOf({ '0001_typo.sql': '-- Up Migration\nselect 1;\n\nselect *\n  from no_such_table;\n' });

  const failed = await migrate(database.url, files.folder);

  expect(failed.code).toBe(65);
  expect(failed.stderr).toContain('sqlState: 42P01');
  expect(failed.stderr).toContain('line: 5');
});

test('JavaScript migrations run in one list with SQL ones', async () => {
  await using database = await freshDatabase();
  await queryAs(database.superuserUrl, `grant create on schema public to ${database.name}`);
  await using files = await folderOf({
    '0001_first.sql': 'create table first (id int)',
    '0002_second.mjs': `export const up = (pgm) => { pgm.createTable('second', { id: 'int' }); };\nexport const down = false;\n`,
  });

  expect(await migrate(database.url, files.folder)).toMatchObject({ code: 0 });
  expect(await tablesOf(database.url)).toEqual(['first', 'second']);
});

test('two migrations of one database at once wait for each other', async () => {
  await using database = await freshDatabase();
  await queryAs(database.superuserUrl, `grant create on schema public to ${database.name}`);

  const endings = await Promise.all([migrate(database.url, STUDIO_1), migrate(database.url, STUDIO_1)]);

  expect(endings.map(({ code }) => code)).toEqual([0, 0]);
  expect(endings.filter(({ stdout }) => stdout.includes('done: 4'))).toHaveLength(1);
});

test('a server that ends the session in the middle is worth another try, and nothing is left', async () => {
  await using database = await freshDatabase();
  await queryAs(database.superuserUrl, `grant create on schema public to ${database.name}`);
  await using files = await folderOf({
    '0001_first.sql': 'create table first (id int)',
    '0002_end.sql': 'select pg_terminate_backend(pg_backend_pid())',
  });

  const failed = await migrate(database.url, files.folder);

  expect(failed.code).toBe(75);
  expect(failed.stderr).toContain('file: 0002_end.sql');
  expect(await tablesOf(database.url)).toEqual([]);
});

test('a lock that is not to be had is worth another try', async () => {
  await using database = await freshDatabase();
  await queryAs(
    database.superuserUrl,
    `grant create on schema public to ${database.name}; alter role ${database.name} set lock_timeout = '100ms'`,
  );
  await queryAs(database.url, 'create table busy (id int)');
  await using files = await folderOf({ '0001_alter.sql': 'alter table busy add column name text' });
  const holder = queryAs(database.superuserUrl, 'begin; lock table busy; select pg_sleep(600)').catch((error: unknown) => error);
  const held = `select pid from pg_locks where relation = 'busy'::regclass and mode = 'AccessExclusiveLock' and granted`;
  await eventually(async () => (await queryAs(database.superuserUrl, held)).length > 0, { timeoutMs: 30_000 });

  const failed = await migrate(database.url, files.folder);

  expect(failed.code).toBe(75);
  expect(failed.stderr).toContain('sqlState: 55P03');
  await queryAs(database.superuserUrl, `select pg_terminate_backend(pid) from (${held}) holders`);
  await holder;
});

test('a server that is away is worth another try', async () => {
  await using server = await freshServer();
  await server.halt();

  const failed = await migrate(server.superuserUrl, STUDIO_1);

  expect(failed.code).toBe(75);
  expect(failed.stderr).toContain('ECONNREFUSED');
});

test('a wrong password is never shown', async () => {
  await using database = await freshDatabase();
  const url = new URL(database.url);
  url.password = 'not-the-password';

  const failed = await migrate(url.href, STUDIO_1);

  expect(failed.code).toBe(75);
  expect(failed.stdout + failed.stderr).toContain('28P01');
  expect(failed.stdout + failed.stderr).not.toContain('not-the-password');
});
