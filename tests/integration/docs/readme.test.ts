/** The README's way in: from a PostgreSQL server as it comes and an empty cluster to the first tenant, by the commands as they stand. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runDocBlock, runDocSql, writeDocFiles } from '../../support/doc-commands.ts';
import { startDocsWorld, WITH_PODS_MS, type DocsWorld } from './world.ts';

let world: DocsWorld;

beforeAll(async () => {
  world = await startDocsWorld();
  await writeDocFiles('README.md', world.shell);
}, WITH_PODS_MS);

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

it('prepares the server', async () => {
  await runDocSql('README.md', 'roles', world.postgres.superuserUrl, world.words);

  expect(await world.superuser("SELECT rolname, rolsuper FROM pg_roles WHERE rolname ~ '^studio_' ORDER BY 1")).toEqual([
    { rolname: 'studio_admin', rolsuper: false },
    { rolname: 'studio_master', rolsuper: false },
  ]);
});

it(
  'installs',
  async () => {
    expect(await runDocBlock('README.md', 'install', world.shell)).toContain('STATUS: deployed');
  },
  WITH_PODS_MS,
);

it(
  'has a first tenant',
  async () => {
    expect(await runDocBlock('README.md', 'tenant', world.shell)).toContain('studiotenant.studio-platform.io/my-studio condition met');
  },
  WITH_PODS_MS,
);

it('shows it as the README does', async () => {
  const printed = await runDocBlock('README.md', 'look', world.shell);
  const shown =
    'NAME PHASE READY REASON PLAN DATABASE SCHEMA URL AGE my-studio Ready True InSync free studio_1_db 1 https://my-studio.platform.com';

  expect(printed.replaceAll(/\s+/g, ' ')).toContain(shown);
});
