/** What docs/security.md tells an administrator to do, done: it keeps out what it says, and the operator goes on working. */
import { mkdtemp, readFile, rm, writeFile, chmod } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { databaseName } from '../../../src/api/names.ts';
import { runDocSql } from '../../support/doc-commands.ts';
import { queryAs, withDatabase } from '../../support/postgres.ts';
import { Studio } from '../../support/studio.ts';

const SECURITY = new URL('../../../docs/security.md', import.meta.url);

let directory: string;
let studio: Studio;

/** The fenced block that follows a marker in the page. */
async function blockIn(marker: string): Promise<string> {
  const [, after = ''] = (await readFile(SECURITY, 'utf8')).split(`<!-- test: ${marker} -->\n`);
  const [, block] = /^```\w*\n(.*?)^```/ms.exec(after) ?? [];
  if (block === undefined) throw new Error(`docs/security.md has no block "${marker}"`);
  return block;
}

async function databaseOf(name: string): Promise<string> {
  const { status } = await studio.settled(name);
  return databaseName(status?.organizationId ?? 0);
}

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'studio-hardening-'));
  const hbaFile = path.join(directory, 'pg_hba.conf');
  await writeFile(hbaFile, await blockIn('pg_hba'));
  // The server may run as another user than the tests.
  await Promise.all([chmod(directory, 0o755), chmod(hbaFile, 0o644)]);
  studio = await Studio.start({ postgres: { settings: { hba_file: hbaFile } } });
  await studio.startOperator({ PROBE_INTERVAL: '10s', SWEEP_INTERVAL: '1s' });
  await studio.apply('SchemaRelease', 'studio-1', { version: 1, args: ['migrations/tenant/studio-1'] });
  await Promise.all(['first', 'second'].map((name) => studio.applyTenant(name)));
  await Promise.all(['first', 'second'].map((name) => studio.settled(name)));
}, 240_000);

afterAll(async () => {
  await studio[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

it('serves tenants, migrations included, behind the second wall', async () => {
  expect((await studio.settled('first')).status).toMatchObject({ phase: 'Ready', schema: { release: 'studio-1', version: 1 } });
  expect(await studio.asTenant('first', 'SELECT count(*)::int AS clients FROM clients')).toEqual([{ clients: 0 }]);
});

it('keeps a tenant out of a database that somebody has opened to all by mistake', async () => {
  const { uri = '' } = await studio.secret('second');
  const other = withDatabase(uri, await databaseOf('first'));
  await studio.superuser(`GRANT CONNECT ON DATABASE "${await databaseOf('first')}" TO PUBLIC`);

  await expect(queryAs(other, 'SELECT 1')).rejects.toMatchObject({ code: '28000' });
  expect(await queryAs(uri, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('takes advisory locks and large objects away from a tenant, and nothing from its migrations or the operator', async () => {
  expect(await studio.asTenant('first', 'SELECT pg_try_advisory_lock(1) AS locked')).toEqual([{ locked: true }]);

  await runDocSql('docs/security.md', 'mitigation', withDatabase(studio.postgres.superuserUrl, await databaseOf('first')));
  for (const sql of ['SELECT pg_advisory_lock(1)', 'SELECT pg_try_advisory_xact_lock(1, 2)', 'SELECT lo_create(0)']) {
    await expect(studio.asTenant('first', sql)).rejects.toMatchObject({ code: '42501' });
  }

  await studio.apply('SchemaRelease', 'studio-2', { version: 2, args: ['migrations/tenant/studio-1', 'migrations/tenant/studio-2'] });
  await studio.waitFor('first', ({ status }) => status?.schema?.version === 2 && status.phase === 'Ready');
  await expect(studio.asTenant('first', 'SELECT pg_advisory_lock(1)')).rejects.toMatchObject({ code: '42501' });
});
