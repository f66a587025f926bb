/** The studio application in a cluster, as docs/application.md installs it, and what any application asks by docs/routing-contract.md. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runDocBlock, runDocSql } from '../../support/doc-commands.ts';
import { queryAs } from '../../support/postgres.ts';
import { startDocsWorldWithTenant, WITH_PODS_MS, type DocsWorld } from './world.ts';

let world: DocsWorld;

beforeAll(async () => {
  world = await startDocsWorldWithTenant();
}, WITH_PODS_MS);

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

const applicationUrl = (): string => world.url('studio_app', 'appSecret1', 'studio_platform_master');

it('gets a login that reads routes and no hash', async () => {
  await runDocSql('docs/application.md', 'role', world.postgres.superuserUrl, world.words);
  await runDocSql('docs/application.md', 'grant', world.url('studio_master', 'masterSecret1', 'studio_platform_master'));

  expect(await queryAs(applicationUrl(), 'SELECT subdomain FROM tenant_routes')).toEqual([{ subdomain: 'my-studio' }]);
  await expect(queryAs(applicationUrl(), 'SELECT database_password_hash FROM organizations')).rejects.toMatchObject({ code: '42501' });
});

it(
  'runs, and is ready',
  async () => {
    expect(await runDocBlock('docs/application.md', 'apply', world.shell)).toContain('successfully rolled out');
  },
  WITH_PODS_MS,
);

it('finds a tenant by its label and by its domain', async () => {
  const byDomain = await runDocSql('docs/routing-contract.md', 'lookup', applicationUrl(), { $1: "'my-studio'" });

  expect(byDomain).toEqual([]);
  await world.kubectl('-n', 'studio-tenants', 'patch', 'studiotenant', 'my-studio', '--type=merge', '-p', CUSTOM_DOMAIN);
  await world.kubectl('-n', 'studio-tenants', 'wait', 'studiotenant/my-studio', '--for=condition=Reconciling=False', '--timeout=1m');
  expect(await runDocSql('docs/routing-contract.md', 'lookup', applicationUrl(), { $1: "'booking.example'" })).toEqual([
    expect.objectContaining({ subdomain: 'my-studio', status: 'active', database_name: 'studio_1_db' }),
  ]);
});

const CUSTOM_DOMAIN = JSON.stringify({ spec: { ingress: { customDomains: ['booking.example'] } } });
