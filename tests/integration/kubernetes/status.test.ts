// The status of a custom resource, written on the object it is about and on no successor.
import { beforeAll, afterAll, expect, test } from 'vitest';
import { STUDIO_TENANT } from '../../../src/api/resources.ts';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { isInvalid } from '../../../src/clients/kubernetes/errors.ts';
import { replaceStatus } from '../../../src/clients/kubernetes/replace-status.ts';
import { eventually } from '../../support/eventually.ts';
import { applyFile, freshNamespace } from '../../support/kube.ts';
import type { TestNamespace } from '../../support/kube.ts';
import { aClient } from './clients.ts';

interface Tenant extends KubernetesObject {
  readonly spec: { readonly displayName: string };
  readonly status?: { readonly phase?: string; readonly observedGeneration?: number };
}

const client = aClient();
const { kubernetes } = client;
let ns: TestNamespace;

beforeAll(async () => {
  ns = await freshNamespace('status');
  await applyFile('crds/studiotenants.yaml');
  await eventually(() => kubernetes.raw({ method: 'GET', path: '/apis/studio-platform.io/v1alpha1/studiotenants?limit=1' }));
});
afterAll(async () => {
  await ns[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
});

test('status is written on the object with that uid only, and nothing but status', async () => {
  const metadata = { name: 'one', namespace: ns.name };
  const spec = { displayName: 'One', subdomain: 'one-of-these' };
  const made = await kubernetes.create<Tenant>(STUDIO_TENANT, { metadata, spec });
  const reported = { ...made, status: { phase: 'Pending', observedGeneration: 1 } };
  const written = await replaceStatus<Tenant>(kubernetes, STUDIO_TENANT, reported);
  expect(written?.status).toEqual(reported.status);
  expect(written?.spec).toEqual(made.spec);
  expect(written?.metadata.generation).toBe(made.metadata.generation);

  await kubernetes.delete(STUDIO_TENANT, metadata, { uid: made.metadata.uid });
  expect(await replaceStatus(kubernetes, STUDIO_TENANT, reported)).toBeUndefined();
  const successor = await kubernetes.create<Tenant>(STUDIO_TENANT, { metadata, spec: { ...spec, displayName: 'Two' } });
  expect(await replaceStatus(kubernetes, STUDIO_TENANT, reported)).toBeUndefined();
  const found = await kubernetes.get<Tenant>(STUDIO_TENANT, metadata);
  expect(found?.metadata.uid).toBe(successor.metadata.uid);
  expect(found?.status?.phase).toBeUndefined();
});

test('a status that the schema refuses is an error, not an object that is gone', async () => {
  const metadata = { name: 'refused', namespace: ns.name };
  const made = await kubernetes.create<Tenant>(STUDIO_TENANT, { metadata, spec: { displayName: 'Three', subdomain: 'three-of-these' } });
  const reported = { ...made, status: { observedGeneration: 'one' } };
  await expect(replaceStatus(kubernetes, STUDIO_TENANT, reported)).rejects.toSatisfy(isInvalid);
});

// Why replaceStatus exists. When this fails, the API server has learned to look at the uid, and apply would do.
test('an apply to the status subresource ignores the uid', async () => {
  const metadata = { name: 'ignored', namespace: ns.name };
  await kubernetes.create<Tenant>(STUDIO_TENANT, { metadata, spec: { displayName: 'Four', subdomain: 'four-of-these' } });
  const uid = '00000000-0000-4000-8000-000000000000';
  const applied = { metadata: { ...metadata, uid }, status: { phase: 'Pending' } };
  const written = await kubernetes.apply<Tenant>(STUDIO_TENANT, applied, { subresource: 'status' });
  expect(written.status?.phase).toBe('Pending');
});
