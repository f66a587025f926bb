/**
 * `operator --apply-crds` on a real API server, as the chart's Job runs it: with the rights that the chart gives it and no master database.
 * A cluster of its own, because definitions are taken away and put back in older and newer shapes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { type ControlPlane, startControlPlane } from '../../../dev/cluster/control-plane.ts';
import { type Cluster, connectCluster } from '../../../dev/demo/kubernetes.ts';
import type { Manifest } from '../../../dev/demo/manifests.ts';
import { renderChart } from '../../../dev/helm.ts';
import { customResourceDefinitions } from '../../../src/api/crd.ts';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { CUSTOM_RESOURCE_DEFINITION, TENANT_PLAN } from '../../../src/api/resources.ts';
import { eventually } from '../../support/eventually.ts';
import { type CommandResult, runCommand } from './command.ts';

type Fields = Record<string, { properties?: Fields; type: string }>;

interface Version {
  name: string;
  served: boolean;
  storage: boolean;
  schema: { openAPIV3Schema: { properties: Fields } };
}

interface Installed extends KubernetesObject {
  readonly spec: { readonly versions: Version[]; readonly [field: string]: unknown };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const SYSTEM = 'studio-system';
const PLANS = 'tenantplans.studio-platform.io';
const NAMES = customResourceDefinitions().map(({ metadata }) => metadata.name);

let directory: string;
let controlPlane: ControlPlane;
let cluster: Cluster;
let kubeconfig: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'studio-definitions-'));
  controlPlane = await startControlPlane();
  cluster = connectCluster(controlPlane.kubeconfigPath, 'kubectl');
  kubeconfig = path.join(directory, 'kubeconfig');
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM } });
  for (const object of await rightsOfTheChart()) await cluster.apply(object);
  await cluster.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'nobody', namespace: SYSTEM } });
  await cluster.writeServiceAccountKubeconfig({ namespace: SYSTEM, name: 'studio-operator-crds' }, kubeconfig);
}, 900_000);

afterAll(async () => {
  await cluster.close();
  await controlPlane.stop();
  await rm(directory, { recursive: true });
});

beforeEach(async () => {
  for (const name of NAMES) await cluster.api.delete(CUSTOM_RESOURCE_DEFINITION, { name });
  await eventually(
    async () => {
      const left = (await Promise.all(NAMES.map(installed))).filter((each) => each !== undefined);
      // The API server can overlook a deletion that follows at once upon a change; it looks again at the next one, or after five minutes.
      for (const { metadata } of left) await touch(metadata.name);
      return left.length === 0;
    },
    { intervalMs: 500 },
  );
});

async function touch(name: string): Promise<void> {
  const body = { metadata: { annotations: { touched: new Date().toISOString() } } };
  await cluster.api.raw({
    method: 'PATCH',
    path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`,
    contentType: 'application/merge-patch+json',
    body,
  });
}

/** What the Job of the chart acts as. */
async function rightsOfTheChart(): Promise<readonly Manifest[]> {
  const objects = (await renderChart({
    values: { masterDatabase: { existingSecret: { name: 'master' } } },
  })) as readonly Manifest[];
  return objects.filter(({ kind, metadata }) => metadata.name === 'studio-operator-crds' && kind !== 'Job');
}

function installed(name: string): Promise<Installed | undefined> {
  return cluster.api.get<Installed>(CUSTOM_RESOURCE_DEFINITION, { name });
}

function applyCrds(env: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
  return runCommand(['--apply-crds'], { KUBECONFIG: kubeconfig, ...env });
}

/** As this version has it, but for what `edit` does; put there by somebody else, as Helm or kubectl would. */
async function install(name: string, edit: (version: Version) => void, more: readonly Version[] = []): Promise<void> {
  const definition = structuredClone(customResourceDefinitions().find(({ metadata }) => metadata.name === name)) as unknown as Installed;
  const [version] = definition.spec.versions;
  if (version === undefined) throw new Error(`${name} has no version`);
  edit(version);
  const versions = [version, ...more];
  await cluster.apply({ ...definition, spec: { ...definition.spec, versions } });
  await eventually(async () => isEstablished(await installed(name)));
}

function isEstablished(definition: Installed | undefined): boolean {
  return definition?.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') === true;
}

const specFields = (version: Version | undefined): Fields => version?.schema.openAPIV3Schema.properties['spec']?.properties ?? {};

async function fieldsOf(name: string): Promise<readonly string[]> {
  return Object.keys(specFields((await installed(name))?.spec.versions[0]));
}

const anOlderOne = (version: Version): void => {
  delete specFields(version)['subscription'];
};
const aNewerOne = (version: Version): void => {
  specFields(version)['color'] = { type: 'string' };
};

it('makes all definitions where there are none, served when it ends, under a field manager of its own', async () => {
  const { code, stderr } = await applyCrds();

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const name of NAMES) {
    const found = await installed(name);
    expect(isEstablished(found)).toBe(true);
    expect(found?.metadata).toMatchObject({
      managedFields: expect.arrayContaining([expect.objectContaining({ manager: 'studio-operator-crds' })]),
    });
  }
  await cluster.apply({ apiVersion: 'studio-platform.io/v1alpha1', kind: 'TenantPlan', metadata: { name: 'free' }, spec: {} });
});

it('changes nothing the second time', async () => {
  await applyCrds();
  const before = await Promise.all(NAMES.map(installed));

  expect((await applyCrds()).code).toBe(0);

  const after = await Promise.all(NAMES.map(installed));
  expect(after.map((each) => each?.metadata.resourceVersion)).toEqual(before.map((each) => each?.metadata.resourceVersion));
});

it('adds what an older definition lacks, and leaves its objects as they are', async () => {
  await install(PLANS, anOlderOne);
  await cluster.apply({
    apiVersion: 'studio-platform.io/v1alpha1',
    kind: 'TenantPlan',
    metadata: { name: 'old' },
    spec: { aiCredits: { monthlyAllowance: 7 } },
  });
  const before = await cluster.api.get<KubernetesObject>(TENANT_PLAN, { name: 'old' });

  expect((await applyCrds()).code).toBe(0);

  expect(await fieldsOf(PLANS)).toContain('subscription');
  const after = await cluster.api.get<KubernetesObject>(TENANT_PLAN, { name: 'old' });
  expect(after).toMatchObject({
    spec: { aiCredits: { monthlyAllowance: 7 } },
    metadata: { resourceVersion: before?.metadata.resourceVersion },
  });
});

it('leaves a definition of a later version as it is, says so, and brings the others up', async () => {
  await install(PLANS, aNewerOne);
  const before = await installed(PLANS);

  const { code, stdout } = await applyCrds();

  expect(code).toBe(0);
  expect(stdout).toContain('definition left as it is: it is of a later version');
  expect(stdout).toContain('v1alpha1 spec.color');
  expect((await installed(PLANS))?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
  expect(await fieldsOf('studiotenants.studio-platform.io')).toContain('subdomain');
});

it('never takes a version away that objects may be stored in', async () => {
  const v1beta1 = { ...newVersion(), name: 'v1beta1', storage: false };
  await install(PLANS, () => undefined, [v1beta1]);

  expect((await applyCrds()).code).toBe(0);

  expect((await installed(PLANS))?.spec.versions.map(({ name }) => name)).toEqual(['v1alpha1', 'v1beta1']);
});

function newVersion(): Version {
  const definition = customResourceDefinitions().find(({ metadata }) => metadata.name === PLANS) as unknown as Installed;
  return structuredClone(definition.spec.versions[0]) as Version;
}

it('refuses a definition that is neither older nor newer, and then changes none at all', async () => {
  await install(PLANS, (version) => {
    anOlderOne(version);
    aNewerOne(version);
  });

  const { code, stderr } = await applyCrds();

  expect(code).toBe(1);
  expect(stderr).toContain(
    `The definition ${PLANS} in the cluster is neither older nor newer than this version: it has v1alpha1 spec.color`,
  );
  expect(stderr).toContain('Nothing was changed.');
  expect(await fieldsOf(PLANS)).not.toContain('subscription');
  expect(await installed('studiotenants.studio-platform.io')).toBeUndefined();
});

it('says which rights are missing and what an administrator can run instead', async () => {
  const poor = path.join(directory, 'nobody');
  await cluster.writeServiceAccountKubeconfig({ namespace: SYSTEM, name: 'nobody' }, poor);

  const { code, stderr } = await applyCrds({ KUBECONFIG: poor });

  expect(code).toBe(1);
  expect(stderr).toContain('Not allowed to get the definition');
  expect(stderr).toContain('system:serviceaccount:studio-system:nobody');
  expect(stderr).toContain('kubectl apply --server-side --force-conflicts -f crds/');
});

it('takes no flag that it does not know, and is in the help', async () => {
  const wrong = await runCommand(['--apply-crds', '--base-domain', 'x.example'], { KUBECONFIG: kubeconfig });
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--base-domain is not a flag of this program') });
  const help = await runCommand(['--help'], {});
  expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('--apply-crds') });
});
