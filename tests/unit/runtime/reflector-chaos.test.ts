// A reflector with the real client against a server that breaks in every way: it must never die, hang, or miss anything.
import { afterEach, expect, test } from 'vitest';
import { rm } from 'node:fs/promises';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { STUDIO_TENANT } from '../../../src/api/resources.ts';
import { Connection } from '../../../src/clients/kubernetes/connection.ts';
import { KubernetesClient } from '../../../src/clients/kubernetes/kubernetes-client.ts';
import { listWatch } from '../../../src/clients/kubernetes/list-watch.ts';
import { MemoryStore } from '../../../src/runtime/memory-store.ts';
import { Reflector } from '../../../src/runtime/reflector.ts';
import type { ReflectorTiming } from '../../../src/runtime/reflector.ts';
import { eventually } from '../../support/eventually.ts';
import { anObject, bookmark, ChaosServer, end, events, listOf, reset, silence, status } from './chaos-server.ts';
import type { Answer } from './chaos-server.ts';
import { silentLog } from './logs.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Reflecting {
  readonly server: ChaosServer;
  readonly store: MemoryStore<KubernetesObject>;
  readonly names: () => string[];
  readonly heard: string[];
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

interface Options {
  readonly timing?: Partial<ReflectorTiming>;
  readonly requestTimeoutMs?: number;
}

/** Short pauses: what is asked here is what happens, not when. */
const fast = { backoff: { baseMs: 5, maxMs: 20, jitter: 0.5 }, healthyMs: 60_000 };

async function reflecting(answers: readonly Answer[], options: Options = {}): Promise<Reflecting> {
  const server = await ChaosServer.start(answers);
  const connection = new Connection({ path: server.kubeconfigPath });
  const { requestTimeoutMs } = options;
  const kubernetes = new KubernetesClient({ connection, userAgent: 'test', assertWritable: () => undefined, requestTimeoutMs });
  const store = new MemoryStore<KubernetesObject>({ log: silentLog });
  const heard: string[] = [];
  store.onChange((key, before, after, origin) => {
    const version = (object: KubernetesObject | undefined): string => object?.metadata.resourceVersion ?? '-';
    heard.push(`${key} ${version(before)}>${version(after)} ${origin}`);
  });
  const reflector = new Reflector(store, {
    name: 'tenants',
    listWatch: listWatch(kubernetes, STUDIO_TENANT),
    log: silentLog,
    pageSize: 2,
    timing: { ...fast, ...options.timing },
  });
  const stop = new AbortController();
  const ended = reflector.run(stop.signal);
  cleanups.push(async () => {
    stop.abort();
    await ended;
    await connection.close();
    await server[Symbol.asyncDispose]();
  });
  const names = (): string[] => store.list().map((object) => object.metadata.name);
  return { server, store, names, heard, stop, ended };
}

const requests = (server: ChaosServer, count: number): Promise<unknown> =>
  eventually(() => server.requests.length >= count, { timeoutMs: 10_000 });

test('it lists in pages, then watches from the version of the list, and applies what comes', async () => {
  const { server, names, heard, store } = await reflecting([
    listOf(100, ['a', 'b'], 'page-2'),
    listOf(100, ['c']),
    events([
      { type: 'ADDED', object: anObject('d', 101) },
      { type: 'MODIFIED', object: anObject('a', 102) },
      { type: 'DELETED', object: anObject('b', 103) },
    ]),
  ]);
  await eventually(() => heard.length === 6);
  expect(names()).toEqual(['a', 'c', 'd']);
  expect(server.requests).toEqual(['L', 'L page-2', 'W 100']);
  expect(heard).toEqual([
    'ns/a ->100 list',
    'ns/b ->100 list',
    'ns/c ->100 list',
    'ns/d ->101 watch',
    'ns/a 100>102 watch',
    'ns/b 100>- watch',
  ]);
  expect(store.get('ns/a')?.metadata).toHaveProperty('managedFields', undefined);
});

test('it goes through reset, end, 410, 500 and an ERROR event as one who has seen it all', async () => {
  const { server, names, heard } = await reflecting([
    listOf(100, ['a']),
    events([bookmark(150)], reset),
    events([], end),
    status(410, 'Expired'),
    listOf(200, ['b']),
    status(500, 'InternalError'),
    events([{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' } }]),
    listOf(300, ['b', 'c']),
    events([{ type: 'ADDED', object: anObject('d', 301) }]),
  ]);
  await eventually(() => names().includes('d'));
  expect(server.requests).toEqual(['L', 'W 100', 'W 150', 'W 150', 'L', 'W 200', 'W 200', 'L', 'W 300']);
  expect(names()).toEqual(['b', 'c', 'd']);
  expect(heard).toContain('ns/a 100>- list');
});

test('an ERROR event that is not 410 resumes where it was', async () => {
  const { server } = await reflecting([
    listOf(100, []),
    events([bookmark(120), { type: 'ERROR', object: { kind: 'Status', code: 500, reason: 'InternalError', message: 'etcd' } }]),
  ]);
  await requests(server, 3);
  expect(server.requests).toEqual(['L', 'W 100', 'W 120']);
});

test('a line that is not JSON, or no event, or cut off, costs nothing that came before it', async () => {
  const { server, names } = await reflecting([
    listOf(100, []),
    events([{ type: 'ADDED', object: anObject('a', 101) }, '{"type":"ADDED","object"\n']),
    events([{ type: 'ADDED', object: anObject('b', 102) }, 'null\n']),
    events([{ type: 'ADDED', object: anObject('c', 103) }, '{"type":"ADDED","obj'], end),
    events([
      { type: 'ADDED', object: anObject('d', 104) },
      { type: 'ADDED', object: {} },
    ]),
  ]);
  await requests(server, 6);
  expect(server.requests).toEqual(['L', 'W 100', 'W 101', 'W 102', 'W 103', 'W 104']);
  expect(names()).toEqual(['a', 'b', 'c', 'd']);
});

test('a connection that is half open is given up and resumed', async () => {
  const { server } = await reflecting([listOf(100, []), events([bookmark(110)]), events([])], { timing: { idleMs: 500 } });
  await requests(server, 4);
  expect(server.requests.slice(0, 4)).toEqual(['L', 'W 100', 'W 110', 'W 110']);
});

test('a list or a watch that is never answered is given up at the request deadline', async () => {
  const { server, names } = await reflecting([silence, listOf(100, ['a']), silence, events([bookmark(101)])], {
    requestTimeoutMs: 1000,
  });
  await requests(server, 4);
  expect(server.requests).toEqual(['L', 'L', 'W 100', 'W 100']);
  expect(names()).toEqual(['a']);
});

test('a server that is gone and comes back is found again, with what was deleted meanwhile', async () => {
  const { server, names } = await reflecting([listOf(100, ['a', 'b']), events([bookmark(140)])]);
  await requests(server, 2);
  const { port } = server;
  await server.close();
  server.answer(status(410, 'Gone'), listOf(200, ['b']));
  await server.listen(port);
  await requests(server, 5);
  expect(server.requests).toEqual(['L', 'W 100', 'W 140', 'L', 'W 200']);
  expect(names()).toEqual(['b']);
});

test('credentials that are refused are read again', async () => {
  const { server, names } = await reflecting([
    (response, query) => {
      void server.writeToken('second-token').then(() => status(401, 'Unauthorized')(response, query));
    },
    listOf(100, ['a']),
  ]);
  await eventually(() => names().length === 1);
  expect(server.tokens.slice(0, 2)).toEqual(['Bearer first-token', 'Bearer second-token']);
});

test('a token file that cannot be read is no reason to die', async () => {
  const { server, names } = await reflecting([
    (response, query) => {
      void rm(server.tokenPath).then(() => status(401, 'Unauthorized')(response, query));
    },
    listOf(100, ['a']),
  ]);
  await requests(server, 1);
  await eventually(async () => {
    await server.writeToken('third-token\n');
    return names().length === 1;
  });
  expect(server.tokens[1]).toBe('Bearer third-token');
});

test('what a list that broke off had brought is gone when the next list does not have it', async () => {
  const { server, names } = await reflecting([listOf(100, ['a', 'b'], 'page-2'), status(500, 'InternalError'), listOf(110, ['b'])]);
  await requests(server, 4);
  expect(server.requests).toEqual(['L', 'L page-2', 'L', 'W 110']);
  expect(names()).toEqual(['b']);
});

test('what the pages before an expired token brought is gone when the whole list does not have it', async () => {
  const { server, names } = await reflecting([listOf(100, ['a', 'b'], 'page-2'), status(410, 'Expired'), listOf(120, ['b', 'c'])]);
  await requests(server, 4);
  expect(names()).toEqual(['b', 'c']);
});

test('a page token that has expired ends the paging, not the list', async () => {
  const { server, names } = await reflecting([listOf(100, ['a', 'b'], 'page-2'), status(410, 'Expired'), listOf(120, ['a', 'b', 'c'])]);
  await requests(server, 4);
  expect(server.requests).toEqual(['L', 'L page-2', 'L all', 'W 120']);
  expect(names()).toEqual(['a', 'b', 'c']);
});

test('deleted and created again while away is one change, with two uids', async () => {
  const recreated: Answer = (response) => {
    const object = anObject('a', 190);
    const items = [{ ...object, metadata: { ...object.metadata, uid: 'another' } }];
    response.end(JSON.stringify({ metadata: { resourceVersion: '200' }, items }));
  };
  const { server, store } = await reflecting([listOf(100, ['a']), status(410, 'Expired'), recreated]);
  const uids: (string | undefined)[][] = [];
  store.onChange((_, before, after) => uids.push([before?.metadata.uid, after?.metadata.uid]));
  await requests(server, 4);
  expect(uids.at(-1)).toEqual(['uid-a', 'another']);
});

test.each([
  ['in the middle of a quiet watch', [listOf(100, []), events([])], 2],
  ['before the headers of a watch', [listOf(100, []), silence], 2],
  ['in the middle of a list', [silence], 1],
])('a stop %s ends it at once', async (_, answers, count) => {
  const { server, stop, ended } = await reflecting(answers);
  await requests(server, count);
  stop.abort();
  await expect(ended).resolves.toBeUndefined();
  expect(server.requests).toHaveLength(count);
});

test('however many watches are open, a request still gets through', async () => {
  const watches = Array.from({ length: 80 }, () => events([]));
  await using server = await ChaosServer.start([...watches, listOf(100, ['a'])]);
  const connection = new Connection({ path: server.kubeconfigPath });
  const kubernetes = new KubernetesClient({ connection, userAgent: 'test', assertWritable: () => undefined });
  const stop = new AbortController();
  const source = listWatch(kubernetes, STUDIO_TENANT);
  const open = watches.map(async () => {
    const request = { resourceVersion: '1', timeoutSeconds: 60, signal: stop.signal };
    for await (const event of source.watch(request)) throw new Error(`unexpected ${event.type}`);
  });
  await requests(server, watches.length);
  const page = await source.list({ signal: AbortSignal.timeout(10_000) });
  stop.abort(new Error('done'));
  const ends = await Promise.allSettled(open);
  await connection.close();
  expect(page.items).toHaveLength(1);
  expect(ends.map((end) => end.status === 'rejected' && String(end.reason))).toEqual(Array(80).fill('Error: done'));
});

test('leaving the loop over a watch closes its connection, and nothing else happens', async () => {
  const closed = Promise.withResolvers<string>();
  const answer: Answer = (response, query) => {
    response.on('close', () => closed.resolve('closed'));
    events([bookmark(101), bookmark(102)])(response, query);
  };
  await using server = await ChaosServer.start([answer]);
  const connection = new Connection({ path: server.kubeconfigPath });
  const kubernetes = new KubernetesClient({ connection, userAgent: 'test', assertWritable: () => undefined });
  for await (const event of kubernetes.watch(STUDIO_TENANT, { resourceVersion: '100', timeoutSeconds: 60 })) {
    expect(event.type).toBe('BOOKMARK');
    break;
  }
  expect(await closed.promise).toBe('closed');
  await connection.close();
});
