/** docs/install.md from its first command to its last, on a cluster and a PostgreSQL server on which nothing was prepared. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runDocBlock, runDocSql, writeDocFiles } from '../../support/doc-commands.ts';
import { startDocsWorld, WITH_PODS_MS, type DocsWorld } from './world.ts';

let world: DocsWorld;

beforeAll(async () => {
  world = await startDocsWorld();
  await writeDocFiles('docs/install.md', world.shell);
}, WITH_PODS_MS);

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

it('makes the roles and the master database, which nobody else may connect to', async () => {
  await runDocSql('docs/install.md', 'roles', world.postgres.superuserUrl, world.words);

  const open = await world.superuser(
    `SELECT datname FROM pg_database d, aclexplode(coalesce(datacl, acldefault('d', datdba))) a
     WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT' AND datallowconn`,
  );
  expect(open).toEqual([]);
});

it('makes the Secrets', async () => {
  expect(await runDocBlock('docs/install.md', 'secrets', world.shell)).toContain('secret/studio-operator-master created');
});

it(
  'installs with Helm',
  async () => {
    expect(await runDocBlock('docs/install.md', 'helm', world.shell)).toContain('STATUS: deployed');
  },
  WITH_PODS_MS,
);

it('is well then', async () => {
  expect(await runDocBlock('docs/install.md', 'verify', world.shell)).toMatch(/postgresserver.*\/main +localhost +18\./);
});

it('says of a PostgresServer why it is as it is', async () => {
  expect((await runDocBlock('docs/install.md', 'why', world.shell)).trim()).not.toBe('');
});

it(
  'keeps the definitions and what tenants stand on when it is uninstalled',
  async () => {
    await runDocBlock('docs/install.md', 'uninstall', world.shell);

    const left = await world.kubectl('get', 'crds,postgresservers,tenantplans,namespaces', '-o', 'name');
    expect(left).toMatch(/studiotenants\.studio-platform\.io/);
    expect(left).toMatch(/postgresserver.*\/main/);
    expect(left).toMatch(/namespace\/studio-tenants/);
    expect(await world.kubectl('-n', 'studio-system', 'get', 'deployments', '-o', 'name')).toBe('');
  },
  WITH_PODS_MS,
);
