/** docs/troubleshooting.md on three failures that are really there: a taken name, a missing plan, a migration that fails. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runDocBlock, runDocSql } from '../../support/doc-commands.ts';
import { eventually } from '../../support/eventually.ts';
import { startDocsWorldWithTenant, WITH_PODS_MS, type DocsWorld } from './world.ts';

const SAMPLES = ['20-release-studio-1', '21-release-studio-2-rc', '22-release-studio-2', '35-tenant-late', '36-tenant-failing'];

const GOLD = `apiVersion: studio-platform.io/v1alpha1
kind: StudioTenant
metadata: { name: pro-studio, namespace: studio-tenants }
spec: { displayName: Pro Studio, subdomain: pro-studio, plan: pro }
`;

let world: DocsWorld;

beforeAll(async () => {
  world = await startDocsWorldWithTenant();
  for (const sample of SAMPLES) await world.kubectl('apply', '-f', path.join(world.shell.directory, `manifests/samples/${sample}.yaml`));
  const file = path.join(world.shell.directory, 'pro-studio.yaml');
  await writeFile(file, GOLD);
  await world.kubectl('apply', '-f', file);
  for (const [name, reason] of Object.entries({
    'late-studio': 'SubdomainTaken',
    'failing-studio': 'MigrationFailed',
    'pro-studio': 'PlanNotFound',
  }))
    await eventually(async () => (await readyReason(name)) === reason, { timeoutMs: 90_000 });
}, WITH_PODS_MS);

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

const readyReason = async (name: string): Promise<string> => {
  const jsonPath = 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}';
  return await world.kubectl('-n', 'studio-tenants', 'get', 'studiotenant', name, '-o', jsonPath);
};

const masterUrl = (): string => world.url('studio_master', 'masterSecret1', 'studio_platform_master');

it('lists who is not well, and nobody else', async () => {
  // A tenant that serves is listed as well while it brings in the newest release.
  await eventually(async () => {
    const listed = await runDocBlock('docs/troubleshooting.md', 'who', world.shell);
    for (const name of ['late-studio', 'failing-studio', 'pro-studio']) expect(listed).toContain(name);
    expect(listed).not.toContain('my-studio ');
    return true;
  });
});

it('says why', async () => {
  expect(await runDocBlock('docs/troubleshooting.md', 'why', world.shell)).toMatch(
    /Registered\tFalse\tSubdomainTaken\t.*belongs to another tenant/,
  );
});

it('shows what happened: Events, and the history in the master database', async () => {
  expect(await runDocBlock('docs/troubleshooting.md', 'events', world.shell)).toContain('SubdomainTaken');
  expect(await runDocSql('docs/troubleshooting.md', 'history', masterUrl())).not.toEqual([]);
});

it('finds out who has a name', async () => {
  expect(await runDocSql('docs/troubleshooting.md', 'holder', masterUrl())).toEqual([
    { id: 1, namespace: 'studio-tenants', name: 'my-studio', status: 'active' },
  ]);
});

it('heals a missing plan by making it', async () => {
  await runDocBlock('docs/troubleshooting.md', 'plan', world.shell);

  // The sample asks for servers with a label.
  await world.kubectl('label', 'postgresserver', 'main', 'tier=shared');
  await eventually(async () => (await readyReason('pro-studio')) === 'InSync', { timeoutMs: 60_000 });
});

it('shows the Job of a failed migration, and tries once more when it is asked to', async () => {
  const attempts = async (): Promise<string> =>
    await world.kubectl('-n', 'studio-tenants', 'get', 'studiotenant', 'failing-studio', '-o', 'jsonpath={.status.handled.retry}');
  expect(await runDocBlock('docs/troubleshooting.md', 'jobs', world.shell)).toContain('failing-studio-migrate-');

  await runDocBlock('docs/troubleshooting.md', 'retry', world.shell);

  await eventually(async () => (await attempts()) !== '', { timeoutMs: 60_000 });
});

it('describes servers', async () => {
  expect(await runDocBlock('docs/troubleshooting.md', 'servers', world.shell)).toMatch(/Type: +Ready/);
});

it('notes that a database may be given up', async () => {
  expect(await runDocBlock('docs/troubleshooting.md', 'abandon', world.shell)).toContain('annotated');
});
