/**
 * A sync and a prune as Argo CD does them, with kubectl: waves in their order, each applied by its field manager with conflicts
 * forced, the next only when the health checks say Healthy; deletions in the foreground. And the example folder of manifests that is
 * synced, with the address of a test's own server. Separate because several tests play Argo CD.
 */
import { cp, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';

import { toolsView } from '../../../dev/cluster/gitops-health-program.ts';
import { healthCheck } from '../../../dev/generate-argocd.ts';
import type { Manifest } from '../../../dev/demo/manifests.ts';
import { KINDS } from '../../../src/api/kinds.ts';
import { eventually } from '../../support/eventually.ts';
import { type Studio, SYSTEM } from '../../support/studio.ts';
import { kubectlDone } from './kubectl.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../../../manifests/tenants-repository');
const WAVE = 'argocd.argoproj.io/sync-wave';
const CHECKS = Object.fromEntries(KINDS.map(({ resource: { kind } }) => [kind, healthCheck(kind)]));

/** A clone of the example folder whose server is the test's, with the Secret that is in no folder. Returns its directory. */
export async function cloneFolder(studio: Studio): Promise<string> {
  const folder = await mkdtemp(path.join(studio.directory, 'tenants-repository-'));
  await cp(REPOSITORY, folder, { recursive: true });
  const file = path.join(folder, 'platform/server-main.yaml');
  const server = parse(await readFile(file, 'utf8')) as { spec: object };
  const { host, port, adminUrl } = studio.postgres;
  await writeFile(file, stringify({ ...server, spec: { ...server.spec, host, port, tls: { mode: 'disable' } } }));
  const { username, password } = new URL(adminUrl);
  const metadata = { name: 'postgres-main-admin', namespace: SYSTEM };
  await studio.cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { username, password } });
  return folder;
}

/** Its manifests by sync wave, the first first. */
export async function wavesOf(folder: string): Promise<readonly (readonly Manifest[])[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.yaml'));
  const manifests = await Promise.all(files.map(async (file) => parse(await readFile(path.join(folder, file), 'utf8')) as Manifest));
  const waveOf = ({ metadata }: Manifest): number => Number(metadata.annotations?.[WAVE] ?? 0);
  const waves = [...new Set(manifests.map(waveOf))].toSorted((a, b) => a - b);
  return waves.map((wave) => manifests.filter((manifest) => waveOf(manifest) === wave));
}

/** Argo CD's sync of a folder. */
export async function sync(studio: Studio, folder: string): Promise<void> {
  for (const wave of await wavesOf(folder)) {
    await applyAs(studio, 'argocd-controller', wave);
    await eventually(async () => expect(await healthOf(studio, wave)).toEqual(wave.map(() => 'Healthy')), { timeoutMs: 90_000 }).catch(
      (error: unknown) => {
        throw new Error(`a wave of ${wave.map(({ kind }) => kind).join(', ')} is not Healthy`, { cause: error });
      },
    );
  }
}

/** Server-side, with conflicts forced, as Argo CD, Flux and people with `--force-conflicts` do it. */
export async function applyAs(studio: Studio, fieldManager: string, manifests: readonly Manifest[]): Promise<string> {
  const args = ['apply', '--server-side', '--force-conflicts', `--field-manager=${fieldManager}`, '-f', '-'];
  return await kubectlDone(studio, args, listOf(manifests));
}

export const listOf = (items: readonly Manifest[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

/** What Argo CD shows of each, in their order. */
async function healthOf(studio: Studio, manifests: readonly Manifest[]): Promise<readonly (string | undefined)[]> {
  const answer = await kubectlDone(studio, ['get', '-o', 'json', '-f', '-'], listOf(manifests));
  const found = JSON.parse(answer) as { readonly kind: string; readonly items?: readonly object[] };
  return (await toolsView(CHECKS, found.items ?? [found])).map(({ argo }) => argo?.status);
}

/** Argo CD's prune of what is in the folder no more. */
export async function prune(studio: Studio, { kind, metadata: { name, namespace } }: Manifest): Promise<void> {
  const where = namespace === undefined ? [] : ['-n', namespace];
  await kubectlDone(studio, [...where, 'delete', kind, name, '--cascade=foreground', '--timeout=60s']);
}
