/**
 * No field is fought over: a manifest is applied by GitOps tools and by people, the operator does its work, and the same manifest
 * applied again finds nothing to change. The operator owns its status and its finalizer, and nothing else.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Manifest } from '../../../dev/demo/manifests.ts';
import { API_VERSION, FINALIZER } from '../../../src/api/group.ts';
import { POSTGRES_SERVER, type Resource, SCHEMA_RELEASE, STUDIO_TENANT, TENANT_PLAN } from '../../../src/api/resources.ts';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { Studio, TENANTS } from '../../support/studio.ts';
import { applyAs, listOf } from './argo-sync.ts';
import { kubectl, kubectlDone } from './kubectl.ts';
import { releaseIs } from '../schema/migrations.ts';

interface Fields {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly fieldsV1: { readonly 'f:metadata'?: object; readonly 'f:spec'?: object; readonly 'f:status'?: object };
}
type Live = KubernetesObject & { readonly metadata: { readonly managedFields: readonly Fields[] } };

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start();
  await studio.startOperator({ SWEEP_INTERVAL: '1s', PROBE_INTERVAL: '2s' });
  await studio.serverReady('main');
}, 180_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

const tenant = (name: string): Manifest => ({
  apiVersion: API_VERSION,
  kind: 'StudioTenant',
  metadata: {
    name,
    namespace: TENANTS,
    annotations: { 'argocd.argoproj.io/tracking-id': `tenants:studio-platform.io/StudioTenant:${name}` },
  },
  spec: { displayName: name, subdomain: name, plan: 'free', database: { extensions: ['pgcrypto'], settings: { work_mem: '8MB' } } },
});

async function live(resource: Resource, { metadata: { name, namespace } }: Manifest): Promise<Live> {
  const found = await studio.cluster.api.get<Live>(resource, namespace === undefined ? { name } : { name, namespace });
  if (found === undefined) throw new Error(`${name} is not there`);
  return found;
}

/** What would tell of a write by anybody: nothing of it may differ. */
const versionOf = ({ metadata: { resourceVersion, generation, managedFields } }: Live) => ({ resourceVersion, generation, managedFields });

/** What the operator owns, as `manager operation subresource: fields`. */
const ownedByOperator = ({ metadata: { managedFields } }: Live): readonly string[] =>
  managedFields
    .filter(({ manager }) => manager === 'studio-operator')
    .map(
      ({ subresource = 'object', fieldsV1 }) =>
        `${subresource}: ${Object.keys(fieldsV1).join()} ${JSON.stringify(fieldsV1['f:metadata'] ?? {})}`,
    );

const managers = ['argocd-controller', 'kustomize-controller', 'kubectl'];

describe.each(managers)('applied server-side by %s', (manager) => {
  const manifest = tenant(`by-${manager.split('-')[0]}`);
  const { name } = manifest.metadata;

  it('and again once it is Ready: nothing differs, nothing is written', async () => {
    await applyAs(studio, manager, [manifest]);
    await studio.settled(name);
    const before = await live(STUDIO_TENANT, manifest);
    expect(before.metadata.finalizers).toEqual([FINALIZER]);
    const diff = await kubectl(
      studio,
      ['diff', '--server-side', '--force-conflicts', `--field-manager=${manager}`, '-f', '-'],
      listOf([manifest]),
    );
    expect(diff).toEqual({ code: 0, stdout: '', stderr: '' });
    await applyAs(studio, manager, [manifest]);
    expect(versionOf(await live(STUDIO_TENANT, manifest))).toEqual(versionOf(before));
  });

  it('the operator owns its status and its finalizer, and no field of the spec', async () => {
    const found = await live(STUDIO_TENANT, manifest);
    const finalizer = JSON.stringify({ 'f:finalizers': { '.': {}, [`v:"${FINALIZER}"`]: {} } });
    expect(ownedByOperator(found).toSorted()).toEqual([`object: f:metadata ${finalizer}`, 'status: f:status {}']);
  });

  it('a changed manifest takes effect, and comes to rest as well', async () => {
    const changed = { ...manifest, spec: { ...(manifest['spec'] as object), displayName: 'Renamed' } };
    await applyAs(studio, manager, [changed]);
    await studio.waitFor(name, ({ metadata, status }) => metadata.generation === 2 && status?.observedGeneration === 2);
    await studio.settled(name);
    const before = await live(STUDIO_TENANT, manifest);
    await applyAs(studio, manager, [changed]);
    expect(versionOf(await live(STUDIO_TENANT, manifest))).toEqual(versionOf(before));
  });
});

describe('applied by several, one after the other', () => {
  it('Argo CD and a person with the same manifest share the fields and take none from each other', async () => {
    const manifest = tenant('shared');
    await applyAs(studio, 'argocd-controller', [manifest]);
    await studio.settled('shared');
    // Without --force-conflicts: a conflict would be refused.
    await kubectlDone(studio, ['apply', '--server-side', '-f', '-'], listOf([manifest]));
    const before = await live(STUDIO_TENANT, manifest);
    for (const manager of ['argocd-controller', 'kubectl', 'argocd-controller']) await applyAs(studio, manager, [manifest]);
    expect(versionOf(await live(STUDIO_TENANT, manifest))).toEqual(versionOf(before));
    expect(before.metadata.finalizers).toEqual([FINALIZER]);
  });

  it('client-side apply says "unchanged", sees no difference, and leaves the finalizer', async () => {
    const manifest = tenant('client-side');
    await kubectlDone(studio, ['apply', '-f', '-'], listOf([manifest]));
    await studio.settled('client-side');
    const before = await live(STUDIO_TENANT, manifest);
    expect(await kubectl(studio, ['diff', '-f', '-'], listOf([manifest]))).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await kubectlDone(studio, ['apply', '-f', '-'], listOf([manifest]))).toBe(
      'studiotenant.studio-platform.io/client-side unchanged\n',
    );
    expect(versionOf(await live(STUDIO_TENANT, manifest))).toEqual(versionOf(before));
    const changed = { ...manifest, spec: { displayName: 'Renamed', subdomain: 'client-side' } };
    await kubectlDone(studio, ['apply', '-f', '-'], listOf([changed]));
    expect((await studio.settled('client-side')).metadata.finalizers).toEqual([FINALIZER]);
  });

  it('going over from client-side to server-side apply keeps the finalizer and comes to rest', async () => {
    const manifest = tenant('client-side');
    await applyAs(studio, 'argocd-controller', [manifest]);
    await studio.settled('client-side');
    const before = await live(STUDIO_TENANT, manifest);
    expect(before.metadata.finalizers).toEqual([FINALIZER]);
    await applyAs(studio, 'argocd-controller', [manifest]);
    expect(versionOf(await live(STUDIO_TENANT, manifest))).toEqual(versionOf(before));
  });

  it('a verb set by hand in an incident is left alone by the next sync', async () => {
    const manifest = tenant('incident');
    await applyAs(studio, 'argocd-controller', [manifest]);
    await studio.settled('incident');
    await kubectlDone(studio, ['-n', TENANTS, 'annotate', 'studiotenant', 'incident', 'studio-platform.io/suspend=too many logins']);
    await studio.reason('incident', 'Ready', 'Suspended');
    await applyAs(studio, 'argocd-controller', [manifest]);
    expect((await live(STUDIO_TENANT, manifest)).metadata.annotations?.['studio-platform.io/suspend']).toBe('too many logins');
    await studio.reason('incident', 'Ready', 'Suspended');
  });
});

describe('the other kinds', () => {
  it('server, plan and release come to rest too, and keep what the operator put on them', async () => {
    const { spec } = (await live(POSTGRES_SERVER, {
      apiVersion: API_VERSION,
      kind: 'PostgresServer',
      metadata: { name: 'main' },
    })) as never;
    const manifests: readonly (readonly [Resource, Manifest])[] = [
      [POSTGRES_SERVER, { apiVersion: API_VERSION, kind: 'PostgresServer', metadata: { name: 'main' }, spec }],
      [
        TENANT_PLAN,
        { apiVersion: API_VERSION, kind: 'TenantPlan', metadata: { name: 'gold' }, spec: { database: { connectionLimit: 30 } } },
      ],
      [
        SCHEMA_RELEASE,
        {
          apiVersion: API_VERSION,
          kind: 'SchemaRelease',
          metadata: { name: 'studio-1' },
          spec: { version: 1, args: ['migrations/tenant/studio-1'] },
        },
      ],
    ];
    const all = manifests.map(([, manifest]) => manifest);
    await applyAs(studio, 'argocd-controller', all);
    await releaseIs(studio, 1, ({ running, done = 0 }) => running === 0 && done > 0);
    await kubectlDone(studio, ['wait', '--for=condition=Ready', '--timeout=60s', '-f', '-'], listOf(all));
    const before = await Promise.all(manifests.map(async ([resource, manifest]) => versionOf(await live(resource, manifest))));
    await applyAs(studio, 'argocd-controller', all);
    expect(await Promise.all(manifests.map(async ([resource, manifest]) => versionOf(await live(resource, manifest))))).toEqual(before);
    const [server] = before;
    expect(JSON.stringify(server?.managedFields)).toContain(FINALIZER);
  });
});

describe('argocd-cm', () => {
  it('gets the health checks, and keeps what else is in it', async () => {
    await studio.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'argocd' } });
    const mine = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'argocd-cm', namespace: 'argocd' },
      data: { 'admin.enabled': 'false' },
    };
    await kubectlDone(studio, ['create', '-f', '-'], JSON.stringify(mine));
    const file = new URL('../../../manifests/argocd/argocd-cm.yaml', import.meta.url).pathname;
    await kubectlDone(studio, ['apply', '--server-side', '--field-manager=studio-operator-health', '-f', file]);
    const { data } = JSON.parse(await kubectlDone(studio, ['-n', 'argocd', 'get', 'configmap', 'argocd-cm', '-o', 'json'])) as {
      data: object;
    };
    expect(Object.keys(data).toSorted()).toEqual([
      'admin.enabled',
      ...['PostgresServer', 'SchemaRelease', 'StudioTenant', 'TenantPlan'].map(
        (kind) => `resource.customizations.health.studio-platform.io_${kind}`,
      ),
    ]);
  });
});
