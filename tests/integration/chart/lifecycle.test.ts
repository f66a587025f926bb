/** The life of a release, with Helm 3 and with Helm 4 on a real API server: what each command makes, keeps and removes, and what it says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CHART, type HelmMajor } from '../../../dev/helm.ts';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { CUSTOM_RESOURCE_DEFINITION, NAMESPACE, POSTGRES_SERVER, SCHEMA_RELEASE, TENANT_PLAN } from '../../../src/api/resources.ts';
import { eventually } from '../../support/eventually.ts';
import { SYSTEM } from '../../support/studio.ts';
import { Platform, RELEASE } from './platform.ts';

interface Deployed extends KubernetesObject {
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly availableReplicas?: number };
}

interface Definition extends KubernetesObject {
  readonly spec: { readonly versions: readonly { readonly additionalPrinterColumns: readonly { readonly name: string }[] }[] };
}

const DEFINITION = 'studiotenants.studio-platform.io';
const HOOK_ACCOUNT = `system:serviceaccount:${SYSTEM}:${RELEASE}-crds`;
const ENDURING = [
  ['a plan', TENANT_PLAN, 'free'],
  ['a server', POSTGRES_SERVER, 'main'],
  ['a release of the schema', SCHEMA_RELEASE, 'studio-1'],
  ['a definition', CUSTOM_RESOURCE_DEFINITION, DEFINITION],
  ['the namespace of tenants', NAMESPACE, 'studio-tenants'],
] as const;

describe.each<HelmMajor>([3, 4])('with Helm %s', (major) => {
  let platform: Platform;

  const values = (): object => ({
    masterDatabase: { existingSecret: { name: 'studio-operator-master' } },
    replicas: 1,
    servers: { main: platform.server },
    schemaReleases: { 'studio-1': { version: 1, args: ['migrations/tenant/studio-1'] } },
  });
  const deployments = async (): Promise<readonly Deployed[]> =>
    await platform.list<Deployed>(`/apis/apps/v1/namespaces/${SYSTEM}/deployments`);
  const columns = async (): Promise<readonly string[]> => {
    const definition = (await platform.get(CUSTOM_RESOURCE_DEFINITION, DEFINITION)) as Definition | undefined;
    return definition?.spec.versions[0]?.additionalPrinterColumns.map(({ name }) => name) ?? [];
  };
  const hooksWrites = async (): Promise<number> =>
    (await platform.audit()).filter(({ user, verb }) => user.username === HOOK_ACCOUNT && verb === 'patch').length;
  const leftOfHooks = async (): Promise<readonly string[]> => {
    const paths = [`/api/v1/namespaces/${SYSTEM}/serviceaccounts`, `/apis/batch/v1/namespaces/${SYSTEM}/jobs`];
    paths.push('/apis/rbac.authorization.k8s.io/v1/clusterroles', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings');
    const lists = await Promise.all(paths.map((path) => platform.list(path)));
    return lists
      .flat()
      .map(({ metadata }) => metadata.name)
      .filter((name) => name === `${RELEASE}-crds`);
  };

  /** As it was before this version: without its last column. */
  async function makeDefinitionOlder(): Promise<void> {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${DEFINITION}`;
    const body = [{ op: 'remove', path: '/spec/versions/0/additionalPrinterColumns/0' }];
    await platform.cluster.api.raw({ method: 'PATCH', path, body, contentType: 'application/json-patch+json' });
  }

  beforeAll(async () => {
    platform = await Platform.start(major);
  });
  afterAll(async () => await platform[Symbol.asyncDispose]());

  it('an installation without a master database is refused, and nothing is left of it', async () => {
    const { code, stderr } = await platform.helm(['install', RELEASE, CHART, '--values', '-'], {
      servers: { main: platform.server },
    });
    expect(code).toBe(1);
    expect(stderr).toContain('No master database is given; set masterDatabase.existingSecret.name to a Secret that holds its URL');
    expect(await deployments()).toEqual([]);
  });

  it('an installation ends when the operator works, and says what to do next', async () => {
    const said = await platform.install(values());
    expect((await deployments())[0]?.status?.availableReplicas).toBe(1);
    for (const [, resource, name] of ENDURING) expect(await platform.get(resource, name)).toBeDefined();
    expect(said).toContain(`kubectl -n ${SYSTEM} rollout status deployment/${RELEASE}`);
    expect(said).toContain('The first tenant:');
    expect(await hooksWrites()).toBe(0);
  });

  it('a tenant is served', async () => {
    await platform.applyTenant('first');
    expect((await platform.settled('first')).status?.schema?.version).toBe(1);
  });

  it('an upgrade brings the definitions up to the version first, by a Job that leaves nothing', async () => {
    const now = await columns();
    await makeDefinitionOlder();
    expect(await columns()).not.toEqual(now);
    await platform.install({ ...values(), replicas: 2 });
    expect(await columns()).toEqual(now);
    expect(await hooksWrites()).toBeGreaterThan(0);
    expect(await leftOfHooks()).toEqual([]);
    expect((await deployments())[0]?.status?.availableReplicas).toBe(2);
  });

  it('a rollback brings back the values, and leaves definitions and tenants as they are', async () => {
    const [now, written] = [await columns(), await hooksWrites()];
    await platform.mustHelm(['rollback', RELEASE, '1', '--wait', '--timeout', '3m']);
    expect((await deployments())[0]?.spec.replicas).toBe(1);
    expect([await columns(), await hooksWrites()]).toEqual([now, written]);
    await platform.settled('first');
  });

  it('an upgrade whose values are refused changes nothing', async () => {
    const { code, stderr } = await platform.helm(['upgrade', RELEASE, CHART, '--values', '-'], {
      ...values(),
      replicas: 'many',
    });
    expect(code).toBe(1);
    expect(stderr).toContain('replicas');
    expect((await deployments())[0]?.spec.replicas).toBe(1);
  });

  it('uninstalling removes the operator and keeps what tenants stand on, and the tenants', async () => {
    const before = await Promise.all(ENDURING.map(async ([, resource, name]) => (await platform.get(resource, name))?.metadata.uid));
    await platform.mustHelm(['uninstall', RELEASE, '--wait', '--timeout', '3m']);
    await eventually(async () => (await deployments()).length === 0);
    expect(await Promise.all(ENDURING.map(async ([, resource, name]) => (await platform.get(resource, name))?.metadata.uid))).toEqual(
      before,
    );
    expect((await platform.tenant('first'))?.status?.phase).toBe('Ready');
    expect(
      (await platform.list('/apis/rbac.authorization.k8s.io/v1/clusterroles')).filter(({ metadata }) => metadata.name.startsWith(RELEASE)),
    ).toEqual([]);
  });

  it('installed again it takes up what was kept', async () => {
    const kept = (await platform.tenant('first'))?.metadata.uid;
    await platform.install(values());
    await platform.applyTenant('second');
    await platform.settled('second');
    expect((await platform.settled('first')).metadata.uid).toBe(kept);
  });
});
