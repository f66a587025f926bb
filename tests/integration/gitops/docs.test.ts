/** docs/gitops.md: the commands for health checks, for bringing a tenant back, for erasing one, and for a server deleted by mistake. */
import { afterAll, beforeAll, expect, it } from 'vitest';

import { POSTGRES_SERVER } from '../../../src/api/resources.ts';
import { docShell, type DocShell, runDocBlock } from '../../support/doc-commands.ts';
import { Studio } from '../../support/studio.ts';
import { applyAs, cloneFolder, prune, sync, wavesOf } from './argo-sync.ts';
import { expectKept, expectServed, tenantWithData } from './kept.ts';
import { kubectlDone } from './kubectl.ts';

let studio: Studio;
let shell: DocShell;
let folder: string;
let n: number;
beforeAll(async () => {
  studio = await Studio.start();
  await kubectlDone(studio, ['delete', 'postgresserver', 'main', '--timeout=30s']);
  folder = await cloneFolder(studio);
  const words = { 'manifests/tenants-repository': folder };
  shell = await docShell({ kubeconfigPath: studio.controlPlane.kubeconfigPath, words });
  await studio.startOperator();
  await sync(studio, folder);
  n = await tenantWithData(studio, 'my-studio');
}, 240_000);
afterAll(async () => {
  await shell[Symbol.asyncDispose]();
  await studio[Symbol.asyncDispose]();
});

it('teaches Argo CD the health of the four kinds', async () => {
  await studio.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'argocd' } });
  await runDocBlock('docs/gitops.md', 'health', shell);
  expect(await kubectlDone(studio, ['-n', 'argocd', 'get', 'configmap', 'argocd-cm', '-o', 'yaml'])).toContain(
    'studio-platform.io_StudioTenant',
  );
});

it('brings a server back that was being deleted', async () => {
  await studio.cluster.api.delete(POSTGRES_SERVER, { name: 'main' });
  await runDocBlock('docs/gitops.md', 'server', shell);
  expect(await kubectlDone(studio, ['get', 'postgresserver', 'main', '-o', 'yaml'])).not.toContain('deletionTimestamp');
  await expectServed(studio, 'my-studio', n);
});

it('brings a tenant back whose file was deleted', async () => {
  const manifest = (await wavesOf(folder)).flat().find(({ metadata }) => metadata.name === 'my-studio');
  if (manifest === undefined) throw new Error('the folder has no my-studio');
  await prune(studio, manifest);
  await expectKept(studio, n);
  await runDocBlock('docs/gitops.md', 'back', shell);
  await expectServed(studio, 'my-studio', n);

  await prune(studio, manifest);
  await applyAs(studio, 'argocd-controller', [{ ...manifest, metadata: { ...manifest.metadata, name: 'renamed-studio' } }]);
  await studio.reason('renamed-studio', 'Stalled', 'SubdomainTaken');
  await runDocBlock('docs/gitops.md', 'adopt', shell, { env: { ORGANIZATION: String(n) } });
  expect((await studio.settled('renamed-studio')).status?.organizationId).toBe(n);
});

it('erases one on purpose', async () => {
  await runDocBlock('docs/gitops.md', 'erase', shell);
  await studio.gone('renamed-studio');
  expect(await studio.superuser(`SELECT 1 FROM pg_database WHERE datname = 'studio_${n}_db'`)).toEqual([]);
});
