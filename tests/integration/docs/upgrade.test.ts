/** docs/upgrade.md: from the version before, with a tenant in place, to this one and back; the tenant goes on being served. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { helm } from '../../../dev/helm.ts';
import { runDocBlock, runDocSql, writeDocFiles } from '../../support/doc-commands.ts';
import { queryAs } from '../../support/postgres.ts';
import { startDocsWorld, WITH_PODS_MS, type DocsWorld } from './world.ts';

const BEFORE = path.resolve(import.meta.dirname, '../../fixtures/charts/studio-operator-0.1.0-rc.1.tgz');

let world: DocsWorld;

beforeAll(async () => {
  world = await startDocsWorld();
  const { shell, postgres, words } = world;
  await writeDocFiles('docs/install.md', shell);
  await runDocSql('docs/install.md', 'roles', postgres.superuserUrl, words);
  await runDocBlock('docs/install.md', 'secrets', shell);
  const values = path.join(shell.directory, 'values.yaml');
  // The version before had the same image here: what an image does is tried elsewhere.
  const args = ['install', 'studio-operator', BEFORE, '--namespace', 'studio-system', '--values', values, '--set', 'image.tag=0.1.0'];
  const { code, stderr } = await helm([...args, '--wait'], { kubeconfig: world.controlPlane.kubeconfigPath });
  if (code !== 0) throw new Error(`installing the version before: ${stderr}`);
  await writeDocFiles('docs/first-tenant.md', shell);
  await runDocBlock('docs/first-tenant.md', 'release', shell);
  await runDocBlock('docs/first-tenant.md', 'tenant', shell);
}, WITH_PODS_MS);

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

interface Standing {
  readonly oid: unknown;
  readonly tenant: string;
  readonly jobs: string;
}

const standing = async (): Promise<Standing> => {
  const [row] = await world.superuser(
    "SELECT oid, (pg_stat_file('base/' || oid)).modification FROM pg_database WHERE datname = 'studio_1_db'",
  );
  const [tenant, jobs] = await Promise.all([
    world.kubectl('-n', 'studio-tenants', 'get', 'studiotenant', 'my-studio', '-o', 'jsonpath={.metadata.generation} {.status.conditions}'),
    world.kubectl('-n', 'studio-tenants', 'get', 'jobs,secrets', '-o', 'jsonpath={.items[*].metadata.uid}'),
  ]);
  return { oid: row?.['oid'], tenant, jobs };
};

it('has the version before to begin with', () => {
  expect(existsSync(BEFORE)).toBe(true);
});

it('looks around before', async () => {
  const before = await runDocBlock('docs/upgrade.md', 'before', world.shell);

  expect(before).toContain('my-studio');
  expect(before).toContain('studio-operator-0.1.0-rc.1');
});

it(
  'upgrades, and changes nothing of a tenant',
  async () => {
    const before = await standing();

    expect(await runDocBlock('docs/upgrade.md', 'upgrade', world.shell)).toContain('STATUS: deployed');

    expect(await standing()).toEqual(before);
  },
  WITH_PODS_MS,
);

it('takes the definitions by hand as well, also where they change what Helm has written', async () => {
  const change = '[{"op": "add", "path": "/spec/versions/0/schema/openAPIV3Schema/description", "value": "As it was before."}]';
  await world.kubectl('patch', 'crd', 'studiotenants.studio-platform.io', '--field-manager=helm', '--type=json', '--patch', change);

  expect(await runDocBlock('docs/upgrade.md', 'crds', world.shell)).toContain('studiotenants.studio-platform.io serverside-applied');
});

it(
  'goes back, and the tenant is served all the time',
  async () => {
    const before = await standing();

    await runDocBlock('docs/upgrade.md', 'rollback', world.shell);

    expect(await standing()).toEqual(before);
    const uri = await world.kubectl('-n', 'studio-tenants', 'get', 'secret', 'my-studio-database', '-o', 'jsonpath={.data.uri}');
    expect(await queryAs(Buffer.from(uri, 'base64').toString().replace(/\?.*$/, ''), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  },
  WITH_PODS_MS,
);
