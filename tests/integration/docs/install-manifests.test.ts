/** The way without Helm in docs/install.md: the same installation from a file, up to the first tenant. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runDocBlock, runDocSql, writeDocFiles } from '../../support/doc-commands.ts';
import { startDocsWorld, WITH_PODS_MS, type DocsWorld } from './world.ts';

let world: DocsWorld;

beforeAll(async () => {
  world = await startDocsWorld();
  await writeDocFiles('docs/install.md', world.shell);
  await writeDocFiles('docs/first-tenant.md', world.shell);
  await runDocSql('docs/install.md', 'roles', world.postgres.superuserUrl, world.words);
  await runDocBlock('docs/install.md', 'secrets', world.shell);
}, WITH_PODS_MS);

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

it(
  'installs what the chart renders, a plan and a server',
  async () => {
    const applied = await runDocBlock('docs/install.md', 'manifests', world.shell);

    expect(applied).toContain('deployment.apps/studio-operator serverside-applied');
    expect(applied).toContain('tenantplan.studio-platform.io/free serverside-applied');
  },
  WITH_PODS_MS,
);

it(
  'is well then',
  async () => {
    expect(await runDocBlock('docs/install.md', 'verify', world.shell)).toMatch(/postgresserver.*\/main +localhost +18\./);
  },
  WITH_PODS_MS,
);

it(
  'makes the first tenant',
  async () => {
    await runDocBlock('docs/first-tenant.md', 'release', world.shell);

    expect(await runDocBlock('docs/first-tenant.md', 'tenant', world.shell)).toMatch(/my-studio +Ready +True +InSync +free +studio_1_db/);
  },
  WITH_PODS_MS,
);
