/** docs/first-tenant.md, from where docs/install.md ends to where the customer is erased. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runDocBlock, runDocSql, writeDocFiles } from '../../support/doc-commands.ts';
import { queryAs } from '../../support/postgres.ts';
import { installAsDocumented, startDocsWorld, WITH_PODS_MS, type DocsWorld } from './world.ts';

let world: DocsWorld;

beforeAll(async () => {
  world = await startDocsWorld();
  await installAsDocumented(world);
  await writeDocFiles('docs/first-tenant.md', world.shell);
}, WITH_PODS_MS);

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

/** As an application reads it; without verification, for which a client would need the authority. */
const tenantUrl = async (): Promise<string> => {
  const uri = await world.kubectl('-n', 'studio-tenants', 'get', 'secret', 'my-studio-database', '-o', 'jsonpath={.data.uri}');
  return Buffer.from(uri, 'base64').toString().replace(/\?.*$/, '');
};

it('has a release', async () => {
  expect(await runDocBlock('docs/first-tenant.md', 'release', world.shell)).toContain('schemarelease.studio-platform.io/studio-1 created');
});

it(
  'has a tenant that becomes Ready',
  async () => {
    expect(await runDocBlock('docs/first-tenant.md', 'tenant', world.shell)).toMatch(
      /my-studio +Ready +True +InSync +free +studio_1_db +1 /,
    );
  },
  WITH_PODS_MS,
);

it('describes it, with a condition per step', async () => {
  expect(await runDocBlock('docs/first-tenant.md', 'describe', world.shell)).toMatch(/Type: +Routed/);
});

it('shows what was made', async () => {
  const made = await runDocBlock('docs/first-tenant.md', 'made', world.shell);

  expect(made).toContain('postgresql://studio_1_db:');
  expect(made).toContain('my-studio.platform.com');
});

it('logs in as the tenant and reads its tables', async () => {
  await queryAs(await tenantUrl(), "INSERT INTO sessions (title, starts_at, ends_at) VALUES ('Yoga', now(), now() + interval '1 hour')");

  expect(await runDocSql('docs/first-tenant.md', 'query', await tenantUrl())).toEqual([{ count: '1' }]);
});

it('shows the rows of the master database', async () => {
  const url = world.url('studio_master', 'masterSecret1', 'studio_platform_master');

  expect(await runDocSql('docs/first-tenant.md', 'master', url)).toEqual([
    expect.objectContaining({ database_name: 'studio_1_db', status: 'active', plan: 'free', balance: '100' }),
  ]);
});

it('changes it', async () => {
  await runDocBlock('docs/first-tenant.md', 'change', world.shell);

  expect(await queryAs(await tenantUrl(), 'SHOW statement_timeout')).toEqual([{ statement_timeout: '30s' }]);
  expect(await queryAs(await tenantUrl(), "SELECT extname FROM pg_extension WHERE extname = 'pgcrypto'")).toHaveLength(1);
});

it('suspends it, and resumes', async () => {
  await runDocBlock('docs/first-tenant.md', 'suspend', world.shell);

  expect(await queryAs(await tenantUrl(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it(
  'brings it back with its rows and a new password',
  async () => {
    const before = await tenantUrl();

    await runDocBlock('docs/first-tenant.md', 'retain', world.shell);

    expect(await tenantUrl()).not.toBe(before);
    expect(await queryAs(await tenantUrl(), 'SELECT title FROM sessions')).toEqual([{ title: 'Yoga' }]);
  },
  WITH_PODS_MS,
);

it('erases it', async () => {
  await runDocBlock('docs/first-tenant.md', 'erase', world.shell);

  expect(await world.superuser("SELECT datname FROM pg_database WHERE datname = 'studio_1_db'")).toEqual([]);
});
