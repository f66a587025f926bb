// The second wall that the documentation recommends: lines in pg_hba.conf that let tenants into the database of their own name only,
// even where somebody has granted CONNECT by mistake.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { scramVerifier } from '../../../src/clients/postgres/scram.ts';
import { createMigrator } from '../../../src/servers/migrator.ts';
import { eventually } from '../../support/eventually.ts';
import { PASSWORD, type TestTenant, world, type World } from '../servers/world.ts';

/** The operator's line first: it may grant the group, and so counts as its member. */
const LINES = [
  'host all studio_admin,studio_master,postgres all scram-sha-256',
  'host samerole +studio_tenant all scram-sha-256',
  'host all +studio_tenant all reject',
];

let it: World;
let own: TestTenant;
let other: TestTenant;
beforeAll(async () => {
  it = await world();
  [own, other] = [await it.tenant(), await it.tenant()];
  await own.converge();
  await other.converge();
  const [{ file } = { file: '' }] = await it.sql<{ file: string }>(`SELECT current_setting('hba_file') AS file`);
  await it.sql(`COPY (SELECT unnest(ARRAY[${LINES.map((line) => `'${line}'`).join(',')}])) TO '${file}'`);
  await it.sql('SELECT pg_reload_conf()');
  await eventually(async () => (await it.sql('SELECT FROM pg_hba_file_rules WHERE database = $1', [['samerole']])).length === 1);
  await it.sql(`GRANT CONNECT ON DATABASE ${other.name} TO PUBLIC`);
});
afterAll(async () => await it[Symbol.asyncDispose]());

test('tenants and migrations get into their own database, and the operator everywhere', async () => {
  const options = { verifier: await scramVerifier(PASSWORD), validUntil: new Date(Date.now() + 600_000), lockTimeoutMs: 1_000 };
  await createMigrator(it.sessions, await own.spec(), options);
  expect(await own.login()).toEqual({ ok: true });
  expect(await it.sessions.login({ user: `${own.name}_migrator`, password: PASSWORD, database: own.name })).toEqual({ ok: true });
  await it.sessions.inside(own.name, async (query) => query({ text: 'SELECT' }));
});

test.each(['', '_migrator'])('a grant made by mistake opens another database to nobody%s', async (suffix) => {
  const login = { user: `${own.name}${suffix}`, password: PASSWORD, database: other.name };
  expect(await it.sessions.login(login)).toEqual({ ok: false, code: '28000' });
});
