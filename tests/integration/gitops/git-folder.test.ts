/**
 * Tenants from a folder in Git: the first sync in the order of its waves, a file that is deleted by mistake, and how that tenant comes
 * back with its data.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';

import type { Manifest } from '../../../dev/demo/manifests.ts';
import { LABELS } from '../../../src/api/group.ts';
import { Studio, TENANTS } from '../../support/studio.ts';
import { applyAs, cloneFolder, prune, sync, wavesOf } from './argo-sync.ts';
import { expectKept, expectServed, tenantWithData } from './kept.ts';
import { kubectlDone } from './kubectl.ts';

let studio: Studio;
let folder: string;
beforeAll(async () => {
  studio = await Studio.start();
  // The folder brings its own.
  await kubectlDone(studio, ['delete', 'postgresserver', 'main', '--timeout=30s']);
  folder = await cloneFolder(studio);
  await studio.startOperator();
}, 180_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

const fileOf = (name: string): string => path.join(folder, 'tenants', `${name}.yaml`);
const manifestOf = async (name: string): Promise<Manifest> => parse(await readFile(fileOf(name), 'utf8')) as Manifest;

it('has waves that bring servers, plans and releases before the tenants', async () => {
  const kinds = (await wavesOf(folder)).map((wave) => wave.map(({ kind }) => kind));
  expect(kinds).toEqual([['PostgresServer'], ['TenantPlan'], ['SchemaRelease'], ['StudioTenant', 'StudioTenant']]);
});

it('is synced wave by wave, until every tenant is Healthy and at the release', async () => {
  await sync(studio, folder);
  for (const name of ['my-studio', 'settings-studio']) {
    expect((await studio.settled(name)).status).toMatchObject({ phase: 'Ready', schema: { release: 'studio-1', version: 1 } });
  }
});

it('also comes up when all of it is applied at once, which is how Flux does it', async () => {
  const flux = { apiVersion: 'studio-platform.io/v1alpha1', kind: 'StudioTenant', metadata: { name: 'early', namespace: TENANTS } };
  const plan = { apiVersion: 'studio-platform.io/v1alpha1', kind: 'TenantPlan', metadata: { name: 'late' }, spec: {} };
  await applyAs(studio, 'kustomize-controller', [{ ...flux, spec: { displayName: 'Early', subdomain: 'early', plan: 'late' } }]);
  await studio.reason('early', 'Registered', 'PlanNotFound');
  await applyAs(studio, 'kustomize-controller', [plan]);
  expect((await studio.settled('early')).status?.phase).toBe('Ready');
});

it('leaves nothing of the tracking that Argo CD writes on what the operator makes', async () => {
  const selector = `${LABELS.managedBy}=studio-operator`;
  await kubectlDone(studio, ['-n', TENANTS, 'annotate', 'studiotenant', 'my-studio', 'argocd.argoproj.io/tracking-id=tenants:x']);
  await studio.annotateTenant('my-studio', { 'studio-platform.io/retry': 'look' });
  await studio.settled('my-studio');
  const made = await kubectlDone(studio, ['-n', TENANTS, 'get', 'secrets,ingresses,jobs', '-l', selector, '-o', 'yaml']);
  expect(made).toContain('my-studio-database');
  expect(made).not.toContain('tracking-id');
});

it('a file deleted by mistake closes the tenant and keeps its data; the file put back brings it back, with a new password', async () => {
  const n = await tenantWithData(studio, 'my-studio');
  const other = await tenantWithData(studio, 'settings-studio');
  const manifest = await manifestOf('my-studio');
  const before = await studio.secret('my-studio');

  const aside = path.join(studio.directory, 'my-studio.yaml');
  await rename(fileOf('my-studio'), aside);
  await prune(studio, manifest);
  await sync(studio, folder);
  await expectKept(studio, n);
  await expectServed(studio, 'settings-studio', other);

  await rename(aside, fileOf('my-studio'));
  await sync(studio, folder);
  await expectServed(studio, 'my-studio', n);
  const after = await studio.secret('my-studio');
  expect([after['database'], after['username']]).toEqual([before['database'], before['username']]);
  expect(after['password']).not.toBe(before['password']);
  expect(await studio.master("SELECT type FROM tenant_events WHERE organization_id = $1 AND type = 'Adopted'", [n])).toHaveLength(1);
});

it('a subdomain that another has asked for meanwhile is still the kept tenant’s', async () => {
  const n = await tenantWithData(studio, 'early');
  await studio.deleteTenant('early');
  await studio.gone('early');
  await studio.applyTenant('squatter', { subdomain: 'early' });
  await studio.reason('squatter', 'Stalled', 'SubdomainTaken');
  await studio.applyTenant('early', { plan: 'late' });
  await expectServed(studio, 'early', n);
});

it('a tenant that is renamed in Git is another one: the old one is kept, and is told apart from the new', async () => {
  const manifest = await manifestOf('settings-studio');
  const n = (await studio.settled('settings-studio')).status?.organizationId ?? 0;
  await rm(fileOf('settings-studio'));
  await prune(studio, manifest);
  const renamed = (await readFile(new URL('../../../manifests/tenants-repository/tenants/settings-studio.yaml', import.meta.url), 'utf8'))
    .replace('name: settings-studio', 'name: preferences-studio')
    .replace('displayName: Settings Studio', 'displayName: Preferences Studio');
  await writeFile(fileOf('preferences-studio'), renamed);
  await applyAs(studio, 'argocd-controller', [await manifestOf('preferences-studio')]);
  await studio.reason('preferences-studio', 'Stalled', 'SubdomainTaken');
  await expectKept(studio, n);
  // The way on: the kept organization is taken up under the new name.
  await studio.annotateTenant('preferences-studio', { 'studio-platform.io/adopt-organization': String(n) });
  expect((await studio.settled('preferences-studio')).status?.organizationId).toBe(n);
});
