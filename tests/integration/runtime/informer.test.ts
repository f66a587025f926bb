// A cache of 1,200 objects of a real API server: listed in pages, kept fresh, and right again after every absence.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { SECRET } from '../../../src/api/resources.ts';
import type { Resource } from '../../../src/api/resources.ts';
import { Connection } from '../../../src/clients/kubernetes/connection.ts';
import { KubernetesClient } from '../../../src/clients/kubernetes/kubernetes-client.ts';
import { listWatch, listWatches } from '../../../src/clients/kubernetes/list-watch.ts';
import { Controller } from '../../../src/runtime/controller.ts';
import { Informer } from '../../../src/runtime/informer.ts';
import type { InformerOptions } from '../../../src/runtime/informer.ts';
import { ResourceExpired } from '../../../src/runtime/list-watch.ts';
import type { ListWatch } from '../../../src/runtime/list-watch.ts';
import { requestOfKey } from '../../../src/runtime/reconciler.ts';
import { Semaphore } from '../../../src/runtime/semaphore.ts';
import { eventually } from '../../support/eventually.ts';
import { freshNamespace } from '../../support/kube.ts';
import type { TestNamespace } from '../../support/kube.ts';
import { aClient } from '../kubernetes/clients.ts';
import { silentLog } from '../../unit/runtime/logs.ts';
import { CuttableProxy } from './cuttable-proxy.ts';

const CONFIG_MAP: Resource = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };
const COUNT = 1200;

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

const client = aClient();
const { kubernetes } = client;
let ns: TestNamespace;
let namespace: string;

beforeAll(async () => {
  ns = await freshNamespace('cache');
  namespace = ns.name;
  const some = new Semaphore(32);
  await Promise.all(Array.from({ length: COUNT }, (_, n) => some.run(() => create(`many-${n}`, { group: String(n % 3) }))));
});
afterAll(async () => {
  await ns[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
});

const create = (name: string, data: Readonly<Record<string, string>> = {}): Promise<KubernetesObject> =>
  kubernetes.create(CONFIG_MAP, { metadata: { name, namespace, labels: { made: 'here' } }, data });
const remove = (name: string): Promise<void> => kubernetes.delete(CONFIG_MAP, { namespace, name });

interface RunningInformer extends AsyncDisposable {
  readonly informer: Informer<ConfigMap>;
  readonly heard: string[];
  has(name: string): boolean;
}

async function anInformer(listWatch: ListWatch<ConfigMap>, options: Partial<InformerOptions<ConfigMap>> = {}): Promise<RunningInformer> {
  const timing = { backoff: { baseMs: 50, maxMs: 200, jitter: 0.5 } };
  const informer = new Informer<ConfigMap>({ name: 'configmaps', listWatches: [listWatch], log: silentLog, timing, ...options });
  const heard: string[] = [];
  informer.store.onChange((key, before, after, origin) => {
    heard.push(`${before === undefined ? 'added' : after === undefined ? 'deleted' : 'changed'} ${requestOfKey(key).name} ${origin}`);
  });
  const stop = new AbortController();
  const ended = informer.run(stop.signal);
  await informer.waitForSync(AbortSignal.timeout(60_000));
  return {
    informer,
    heard,
    has: (name) => informer.store.get(`${namespace}/${name}`) !== undefined,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended;
    },
  };
}

const selection = () => ({ namespace, labelSelector: 'made=here' });

test('1,200 objects come in three pages, without managedFields, trimmed and found by index', async () => {
  const calls: string[] = [];
  await using counted = aClient({ onCall: (verb) => calls.push(verb) });
  await using running = await anInformer(listWatch(counted.kubernetes, CONFIG_MAP, selection()), {
    indexes: { group: ({ data }) => [data?.['group'] ?? ''] },
    transform: ({ apiVersion, kind, metadata, data }) => ({ apiVersion, kind, metadata, data: { group: data?.['group'] ?? '' } }),
  });
  const { store } = running.informer;
  expect(store.size).toBe(COUNT);
  expect(store.byIndex('group', '2')).toHaveLength(COUNT / 3);
  expect(calls.filter((verb) => verb === 'list')).toHaveLength(3);
  expect(running.heard.filter((line) => line.endsWith(' list'))).toHaveLength(COUNT);
  const one = store.get(`${namespace}/many-7`);
  expect(one).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1', data: { group: '1' } });
  expect(one?.metadata).toMatchObject({ name: 'many-7', managedFields: undefined });
});

test('what is added, changed and deleted is heard of, in order, without another list', async () => {
  const calls: string[] = [];
  await using counted = aClient({ onCall: (verb) => calls.push(verb) });
  await using running = await anInformer(listWatch(counted.kubernetes, CONFIG_MAP, selection()));
  running.heard.length = 0;
  await create('watched');
  await kubernetes.jsonPatch(CONFIG_MAP, { namespace, name: 'watched' }, [{ op: 'add', path: '/data', value: { a: '1' } }]);
  await remove('watched');
  await eventually(() => running.heard.length === 3);
  expect(running.heard).toEqual(['added watched watch', 'changed watched watch', 'deleted watched watch']);
  expect(calls.filter((verb) => verb === 'list')).toHaveLength(3);
});

test('what was deleted and made while the connection was cut is found when it is back, by resuming', async () => {
  await create('before-the-cut');
  await using proxy = await CuttableProxy.start();
  const calls: string[] = [];
  const connection = new Connection({ path: proxy.kubeconfigPath });
  const onCall = (verb: string): void => void calls.push(verb);
  const away = new KubernetesClient({ connection, userAgent: 'test', assertWritable: () => undefined, onCall });
  await using running = await anInformer(listWatch(away, CONFIG_MAP, selection()));
  expect(running.has('before-the-cut')).toBe(true);
  await eventually(() => calls.includes('watch'));
  proxy.cut();
  await remove('before-the-cut');
  await create('during-the-cut');
  expect(running.has('before-the-cut')).toBe(true);
  proxy.mend();
  await eventually(() => running.has('during-the-cut') && !running.has('before-the-cut'));
  expect(calls.filter((verb) => verb === 'list')).toHaveLength(3);
  await remove('during-the-cut');
  await connection.close();
});

test('a watch that was frozen without a word is given up and resumed', async () => {
  await using proxy = await CuttableProxy.start();
  const connection = new Connection({ path: proxy.kubeconfigPath });
  let watches = 0;
  const onCall = (verb: string): void => void (watches += verb === 'watch' ? 1 : 0);
  const away = new KubernetesClient({ connection, userAgent: 'test', assertWritable: () => undefined, onCall, requestTimeoutMs: 2000 });
  const timing = { idleMs: 1000, backoff: { baseMs: 50, maxMs: 200, jitter: 0.5 } };
  await using running = await anInformer(listWatch(away, CONFIG_MAP, selection()), { timing });
  await eventually(() => watches > 0);
  proxy.freeze();
  await create('in-the-ice');
  proxy.mend();
  await eventually(() => running.has('in-the-ice'));
  await remove('in-the-ice');
  await connection.close();
});

test('after a version has expired, deletions missed while away are found by listing again, quietly about the rest', async () => {
  await create('before-the-expiry');
  const real = listWatch<ConfigMap>(kubernetes, CONFIG_MAP, selection());
  const away = Promise.withResolvers<void>();
  let watches = 0;
  const expiring: ListWatch<ConfigMap> = {
    list: (request) => real.list(request),
    async *watch(request) {
      watches += 1;
      if (watches > 1) yield* real.watch(request);
      await away.promise;
      throw new ResourceExpired('too old resource version');
    },
  };
  await using running = await anInformer(expiring);
  running.heard.length = 0;
  await remove('before-the-expiry');
  await create('after-the-expiry');
  away.resolve();
  await eventually(() => running.heard.length === 2);
  expect(running.heard.toSorted()).toEqual(['added after-the-expiry list', 'deleted before-the-expiry list']);
  expect(watches).toBe(2);
  await remove('after-the-expiry');
});

test('several namespaces fill one store, metadata only shows no data', async () => {
  await using other = await freshNamespace('cache');
  for (const where of [namespace, other.name]) {
    await kubernetes.create(SECRET, { metadata: { name: 'hidden', namespace: where }, stringData: { password: 'secret' } });
  }
  const sources = listWatches<ConfigMap>(kubernetes, SECRET, [namespace, other.name], { metadataOnly: true });
  await using running = await anInformer(sources[0]!, { listWatches: sources });
  const { store } = running.informer;
  // Which of the two lists is in first is nobody's to say.
  expect(store.list().map((object) => object.metadata.namespace)).toEqual(expect.arrayContaining([namespace, other.name]));
  expect(store.size).toBe(2);
  expect(JSON.stringify(store.list())).not.toContain('password":');
  await kubernetes.delete(SECRET, { namespace: other.name, name: 'hidden' });
  await eventually(() => store.size === 1);
});

test('from the watch to the reconcile: every object is reconciled once, and a change overtakes the first list', async () => {
  const reconciled: string[] = [];
  const gate = Promise.withResolvers<void>();
  const controller = new Controller({
    name: 'configmap',
    log: silentLog,
    workers: 4,
    reconcile: async ({ name }) => {
      await gate.promise;
      reconciled.push(name);
      return {};
    },
  });
  const stop = new AbortController();
  const working = controller.start(stop.signal);
  const informer = new Informer<ConfigMap>({
    name: 'configmaps',
    listWatches: [listWatch(kubernetes, CONFIG_MAP, selection())],
    log: silentLog,
  });
  informer.store.onChange((key, _before, _after, origin) => {
    controller.enqueue(requestOfKey(key), { priority: origin === 'list' ? 'resync' : 'change' });
  });
  const watching = informer.run(stop.signal);
  await informer.waitForSync(AbortSignal.timeout(60_000));
  await create('urgent');
  await eventually(() => informer.store.get(`${namespace}/urgent`) !== undefined);
  gate.resolve();
  await eventually(() => reconciled.length === COUNT + 1);
  expect(new Set(reconciled).size).toBe(COUNT + 1);
  expect(reconciled.indexOf('urgent')).toBeLessThan(10);
  stop.abort();
  await Promise.all([working, watching]);
  await remove('urgent');
});
