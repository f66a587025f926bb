// Every verb of the client against a real API server: what is written, what is refused, and as which error.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { JOB, NAMESPACE, POD, SECRET } from '../../../src/api/resources.ts';
import type { Resource } from '../../../src/api/resources.ts';
import * as errors from '../../../src/clients/kubernetes/errors.ts';
import { KubernetesError } from '../../../src/clients/kubernetes/errors.ts';
import { Unavailable } from '../../../src/runtime/unavailable.ts';
import { eventually } from '../../support/eventually.ts';
import { applyObject, deleteObject, freshNamespace, readObject } from '../../support/kube.ts';
import type { TestNamespace } from '../../support/kube.ts';
import { aClient } from './clients.ts';

const CONFIG_MAP: Resource = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

const client = aClient();
const { kubernetes } = client;
let ns: TestNamespace;
let namespace: string;

beforeAll(async () => {
  ns = await freshNamespace('client');
  namespace = ns.name;
});
afterAll(async () => {
  await ns[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
});

const configMap = (name: string, data: Readonly<Record<string, string>> = {}) => ({ metadata: { name, namespace }, data });
const inCluster = (name: string): Promise<unknown> => readObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } });
const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'no failure',
    (error: unknown) => error,
  );

test('what is not there is undefined, and deleting it is a success', async () => {
  expect(await kubernetes.get(CONFIG_MAP, { namespace, name: 'missing' })).toBeUndefined();
  await expect(kubernetes.delete(CONFIG_MAP, { namespace, name: 'missing' })).resolves.toBeUndefined();
});

test('create makes an object with kind and apiVersion filled in, and a second one of the name is refused', async () => {
  const made = await kubernetes.create<ConfigMap>(CONFIG_MAP, configMap('made', { a: '1' }));
  expect(made).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1' } });
  expect(await inCluster('made')).toMatchObject({ data: { a: '1' }, metadata: { uid: made.metadata.uid } });
  const again = await failureOf(kubernetes.create(CONFIG_MAP, configMap('made')));
  expect(errors.isAlreadyExists(again)).toBe(true);
  expect(errors.isConflict(again)).toBe(false);
});

test('apply creates, changes and removes the fields of studio-operator, and takes over those of others', async () => {
  await kubernetes.apply(CONFIG_MAP, configMap('applied', { a: '1', b: '2' }));
  await kubernetes.apply(CONFIG_MAP, configMap('applied', { a: '3' }));
  const foreign = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied', namespace }, data: { a: '4', c: '5' } };
  await applyObject(foreign);
  await kubernetes.apply(CONFIG_MAP, configMap('applied', { a: '6' }));
  const found = await kubernetes.get<ConfigMap>(CONFIG_MAP, { namespace, name: 'applied' });
  expect(found?.data).toEqual({ a: '6', c: '5' });
});

test('apply with a uid never creates, and spares another object of the same name', async () => {
  const uid = '00000000-0000-4000-8000-000000000000';
  const withUid = (name: string) => ({ metadata: { name, namespace, uid }, data: { a: 'stale' } });
  const gone = await failureOf(kubernetes.apply(CONFIG_MAP, withUid('gone')));
  expect([errors.isGone(gone), await inCluster('gone')]).toEqual([true, undefined]);
  await kubernetes.create(CONFIG_MAP, configMap('other', { a: 'its own' }));
  const other = await failureOf(kubernetes.apply(CONFIG_MAP, withUid('other')));
  expect(errors.isGone(other)).toBe(true);
  expect(await inCluster('other')).toMatchObject({ data: { a: 'its own' } });
  expect(errors.isGone(await failureOf(kubernetes.create(CONFIG_MAP, { metadata: { name: 'Not_A_Name', namespace } })))).toBe(false);
});

test('a JSON Patch whose test fails writes nothing and is Invalid', async () => {
  const before = await kubernetes.create<ConfigMap>(CONFIG_MAP, configMap('patched', { a: '1' }));
  const request = { namespace, name: 'patched' };
  const failed = await failureOf(
    kubernetes.jsonPatch(CONFIG_MAP, request, [
      { op: 'test', path: '/data/a', value: 'something else' },
      { op: 'replace', path: '/data/a', value: '2' },
    ]),
  );
  expect(errors.isInvalid(failed)).toBe(true);
  expect(await inCluster('patched')).toMatchObject({ data: { a: '1' }, metadata: { resourceVersion: before.metadata.resourceVersion } });
  const after = await kubernetes.jsonPatch<ConfigMap>(CONFIG_MAP, request, [
    { op: 'test', path: '/metadata/resourceVersion', value: before.metadata.resourceVersion },
    { op: 'add', path: '/data/b', value: '3' },
    { op: 'remove', path: '/data/a' },
  ]);
  expect(after.data).toEqual({ b: '3' });
});

test('replace refuses a version that is not the newest', async () => {
  const first = await kubernetes.create<ConfigMap>(CONFIG_MAP, configMap('replaced', { a: '1' }));
  const second = await kubernetes.replace<ConfigMap>(CONFIG_MAP, { ...first, data: { a: '2' } });
  expect(second.data).toEqual({ a: '2' });
  expect(errors.isConflict(await failureOf(kubernetes.replace(CONFIG_MAP, { ...first, data: { a: '3' } })))).toBe(true);
});

test('delete with a uid spares another object of the same name', async () => {
  const made = await kubernetes.create(CONFIG_MAP, configMap('deleted'));
  const request = { namespace, name: 'deleted' };
  const spared = await failureOf(kubernetes.delete(CONFIG_MAP, request, { uid: '00000000-0000-4000-8000-000000000000' }));
  expect(errors.isConflict(spared)).toBe(true);
  expect(await inCluster('deleted')).toBeDefined();
  await kubernetes.delete(CONFIG_MAP, request, { uid: made.metadata.uid });
  expect(await inCluster('deleted')).toBeUndefined();
});

test('deleting a Job in the background takes its pods along', async () => {
  const container = { name: 'main', image: 'example.invalid/none:1', command: ['true'] };
  const template = { spec: { restartPolicy: 'Never', containers: [container] } };
  const job = { metadata: { name: 'work', namespace }, spec: { template } };
  await kubernetes.create(JOB, job);
  const selection = { namespace, labelSelector: 'batch.kubernetes.io/job-name=work' };
  await eventually(async () => (await kubernetes.list(POD, selection)).items.length === 1);
  await kubernetes.delete(JOB, { namespace, name: 'work' }, { propagationPolicy: 'Background', gracePeriodSeconds: 0 });
  await eventually(async () => (await kubernetes.list(POD, selection)).items.every((pod) => pod.metadata.deletionTimestamp !== undefined));
  expect(await kubernetes.get(JOB, { namespace, name: 'work' })).toBeUndefined();
});

test('what the schema refuses is Invalid with the field that is wrong', async () => {
  const refused = await failureOf(kubernetes.create(SECRET, { metadata: { name: 'Not_A_Name', namespace } }));
  expect(errors.isInvalid(refused)).toBe(true);
  expect(refused).toMatchObject({ reason: 'Invalid', causes: [{ field: 'metadata.name' }] });
});

test('metadata only shows no data, and carries the kind that was asked for', async () => {
  await kubernetes.create(SECRET, { metadata: { name: 'hidden', namespace }, stringData: { password: 'secret' } });
  const one = await kubernetes.get(SECRET, { namespace, name: 'hidden' }, { metadataOnly: true });
  const list = await kubernetes.list(SECRET, { namespace, metadataOnly: true });
  expect(one).toMatchObject({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'hidden' } });
  expect(Object.keys(one ?? {}).toSorted()).toEqual(['apiVersion', 'kind', 'metadata']);
  expect(list.items.map((item) => [item.kind, item.metadata.name, Object.keys(item).length])).toEqual([['Secret', 'hidden', 3]]);
});

test('the fence is asked before each write and before no read; what it throws goes through untouched', async () => {
  let asked = 0;
  await using fenced = aClient({
    assertWritable: () => {
      asked += 1;
      throw new Error('not the leader');
    },
  });
  const request = { namespace, name: 'fenced' };
  await fenced.kubernetes.get(CONFIG_MAP, request);
  await fenced.kubernetes.list(CONFIG_MAP, { namespace });
  expect(asked).toBe(0);
  const writes = [
    fenced.kubernetes.create(CONFIG_MAP, configMap('fenced')),
    fenced.kubernetes.apply(CONFIG_MAP, configMap('fenced')),
    fenced.kubernetes.replace(CONFIG_MAP, configMap('fenced')),
    fenced.kubernetes.jsonPatch(CONFIG_MAP, request, []),
    fenced.kubernetes.delete(CONFIG_MAP, request),
  ];
  const failures = await Promise.all(writes.map(failureOf));
  expect(failures.map(String)).toEqual(Array(5).fill('Error: not the leader'));
  expect(asked).toBe(5);
  expect(await inCluster('fenced')).toBeUndefined();
});

test('each call is counted once, with verb, resource and code', async () => {
  const calls: string[] = [];
  await using counted = aClient({ onCall: (verb, resource, code) => calls.push(`${verb} ${resource} ${code}`) });
  await counted.kubernetes.get(CONFIG_MAP, { namespace, name: 'missing' });
  await counted.kubernetes.create(CONFIG_MAP, configMap('counted'));
  await failureOf(counted.kubernetes.create(CONFIG_MAP, configMap('counted')));
  await counted.kubernetes.apply(CONFIG_MAP, configMap('counted'));
  await failureOf(counted.kubernetes.list(CONFIG_MAP, { namespace, signal: AbortSignal.abort(new Error('stopped')) }));
  expect(calls).toEqual([
    'get configmaps 404',
    'create configmaps 201',
    'create configmaps 409',
    'apply configmaps 200',
    'list configmaps <error>',
  ]);
});

test('a field that the server does not know is told as a warning', async () => {
  const warnings: string[] = [];
  await using warned = aClient({ onWarning: (text) => warnings.push(text) });
  await warned.kubernetes.create(CONFIG_MAP, { ...configMap('warned'), surprise: true });
  expect(warnings).toEqual(['unknown field "surprise"']);
});

test('a create in a namespace that is being deleted can be told from any other refusal', async () => {
  const name = `ending-${randomBytes(4).toString('hex')}`;
  const reference = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  await applyObject(reference);
  const held = { ...configMap('held'), metadata: { name: 'held', namespace: name, finalizers: ['studio-platform.io/test'] } };
  await kubernetes.create(CONFIG_MAP, held);
  await deleteObject(reference);
  await eventually(async () => (await kubernetes.get(NAMESPACE, { name }))?.metadata.deletionTimestamp !== undefined);
  const refused = await failureOf(kubernetes.create(CONFIG_MAP, { metadata: { name: 'late', namespace: name } }));
  await kubernetes.jsonPatch(CONFIG_MAP, { namespace: name, name: 'held' }, [{ op: 'remove', path: '/metadata/finalizers' }]);
  expect(errors.isNamespaceTerminating(refused)).toBe(true);
});

test('a call ends at once with the reason of its signal', async () => {
  const stop = new AbortController();
  const waiting = kubernetes.list(POD, { signal: stop.signal });
  stop.abort(new Error('stopping'));
  await expect(waiting).rejects.toThrow('stopping');
});

test('a call that takes longer than its deadline is another system away', async () => {
  await using hurried = aClient({ requestTimeoutMs: 0 });
  const failure = await failureOf(hurried.kubernetes.list(POD));
  expect(failure).toBeInstanceOf(Unavailable);
  expect(failure).toMatchObject({ system: 'kubernetes' });
});

test('a refusal names what was being done, without the query', async () => {
  const failure = await failureOf(kubernetes.raw({ method: 'GET', path: '/api/v1/nothing?limit=1' }));
  expect(failure).toBeInstanceOf(KubernetesError);
  expect(failure).toMatchObject({ code: 404, message: expect.stringMatching(/^GET \/api\/v1\/nothing: 404 /) as string });
});

test('raw reaches what has no verb', async () => {
  expect(await kubernetes.raw({ method: 'GET', path: '/version' })).toHaveProperty('gitVersion');
});
