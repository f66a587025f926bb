// When a reflector does what it does, on a clock moved by hand: pauses, guards, and what it says about its health.
import { expect, test } from 'vitest';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { Informer } from '../../../src/runtime/informer.ts';
import { ListRefused, type ListWatch, type ListWatchEvent } from '../../../src/runtime/list-watch.ts';
import { Unavailable } from '../../../src/runtime/unavailable.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { silentLog } from './logs.ts';

function anObject(namespace: string, name: string): KubernetesObject {
  const metadata = { name, namespace, uid: name, resourceVersion: '5', generation: 1, creationTimestamp: '2030-01-01T00:00:00Z' };
  return { apiVersion: 'v1', kind: 'Thing', metadata };
}

type Watch = (signal: AbortSignal) => AsyncIterable<ListWatchEvent<KubernetesObject>>;

/** A watch that stays open until its signal aborts. */
const open: Watch = async function* opened(signal) {
  await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
  yield* [];
};

function aListWatch(items: readonly KubernetesObject[], watch: Watch): ListWatch<KubernetesObject> {
  return {
    list: async () => ({ items, resourceVersion: '10' }),
    watch: ({ signal }) => watch(signal),
  };
}

function anInformer(clock: FakeClock, ...listWatches: ListWatch<KubernetesObject>[]): Informer<KubernetesObject> {
  return new Informer({
    name: 'things',
    listWatches,
    log: silentLog,
    clock,
    timing: { backoff: { baseMs: 800, maxMs: 30_000, jitter: 0 } },
  });
}

test('a server that closes every watch at once is asked less and less often', async () => {
  const clock = new FakeClock();
  const at: number[] = [];
  const closing: Watch = async function* closed() {
    at.push(clock.monotonicMs());
    yield* [];
  };
  const stop = new AbortController();
  const ended = anInformer(clock, aListWatch([], closing)).run(stop.signal);
  await clock.advance(120_000);
  stop.abort();
  await ended;
  const pauses = at.slice(1).map((ms, n) => ms - at[n]!);
  expect(pauses.slice(0, 8)).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
});

test('a watch that has lived long is resumed soon, whatever came before', async () => {
  const clock = new FakeClock();
  const at: number[] = [];
  const living: Watch = async function* lives() {
    at.push(clock.monotonicMs());
    await clock.sleep(60_000);
    yield* [];
  };
  const stop = new AbortController();
  const ended = anInformer(clock, aListWatch([], living)).run(stop.signal);
  await clock.advance(200_000);
  stop.abort();
  await clock.advance(60_000);
  await ended;
  expect(at.slice(0, 4).map((ms) => ms - at[0]!)).toEqual([0, 60_800, 121_600, 182_400]);
});

test('a server that asks for patience gets it', async () => {
  const clock = new FakeClock();
  const at: number[] = [];
  const busy: ListWatch<KubernetesObject> = {
    list: async () => {
      at.push(clock.monotonicMs());
      throw new Unavailable('busy', { system: 'kubernetes', retryAfterMs: 17_000 });
    },
    watch: () => {
      throw new Error('must not be reached');
    },
  };
  const stop = new AbortController();
  const ended = anInformer(clock, busy).run(stop.signal);
  await clock.advance(40_000);
  stop.abort();
  await ended;
  expect(at.map((ms) => ms - at[0]!)).toEqual([0, 17_000, 34_000]);
});

test('a watch without any sign of life is given up after two and a half minutes, and the silence can be seen', async () => {
  const clock = new FakeClock();
  let watches = 0;
  const informer = anInformer(
    clock,
    aListWatch([], (signal) => {
      watches += 1;
      return open(signal);
    }),
  );
  const stop = new AbortController();
  const ended = informer.run(stop.signal);
  await clock.advance(149_000);
  expect(watches).toBe(1);
  expect(informer.silentMs).toBe(149_000);
  await clock.advance(3000);
  expect(watches).toBe(2);
  stop.abort();
  await ended;
});

test('bookmarks keep a quiet watch alive', async () => {
  const clock = new FakeClock();
  let watches = 0;
  const ticking: Watch = async function* ticks(signal) {
    watches += 1;
    for (;;) {
      await clock.sleep(100_000, signal);
      yield { type: 'BOOKMARK', object: anObject('ns', 'bookmark') };
    }
  };
  const timing = { watchSeconds: 100_000 };
  const informer = new Informer({ name: 'things', listWatches: [aListWatch([], ticking)], log: silentLog, clock, timing });
  const stop = new AbortController();
  const ended = informer.run(stop.signal);
  await clock.advance(1_000_000);
  expect(watches).toBe(1);
  expect(informer.silentMs).toBeLessThanOrEqual(100_000);
  expect(informer.store.size).toBe(0);
  stop.abort();
  await ended;
});

test('one informer over several namespaces is synced when all are listed, and shows one store', async () => {
  const clock = new FakeClock();
  const second = Promise.withResolvers<void>();
  const slow: ListWatch<KubernetesObject> = {
    list: async () => {
      await second.promise;
      return { items: [anObject('two', 'b')], resourceVersion: '10' };
    },
    watch: ({ signal }) => open(signal),
  };
  const informer = anInformer(clock, aListWatch([anObject('one', 'a')], open), slow);
  const stop = new AbortController();
  const ended = informer.run(stop.signal);
  const synced = informer.waitForSync(stop.signal);
  await settle();
  expect(informer.store.hasSynced).toBe(false);
  expect(informer.store.size).toBe(1);
  second.resolve();
  await synced;
  expect(informer.store.hasSynced).toBe(true);
  expect(informer.store.list().map((object) => object.metadata.name)).toEqual(['a', 'b']);
  stop.abort();
  await ended;
});

test('waiting for the first list ends with its signal', async () => {
  const informer = anInformer(new FakeClock(), aListWatch([], open));
  const stop = new AbortController();
  const waiting = informer.waitForSync(stop.signal);
  stop.abort(new Error('stopping'));
  await expect(waiting).rejects.toThrow('stopping');
});

const refused: ListWatch<KubernetesObject> = {
  list: async () => {
    throw new ListRefused('forbidden');
  },
  watch: ({ signal }) => open(signal),
};

test.each([
  ['counts as an empty one where a miss proves nothing', true, true],
  ['holds up the start everywhere else', false, false],
])('a list that is refused %s', async (_what, goesOnWithoutRights, synced) => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const listWatches = [aListWatch([anObject('a', 'one')], open), refused];
  const informer = new Informer({ name: 'things', listWatches, log: silentLog, clock, goesOnWithoutRights });
  const ended = informer.run(stop.signal);
  await settle();
  expect(informer.store.hasSynced).toBe(synced);
  expect(informer.store.list().map(({ metadata }) => metadata.name)).toEqual(['one']);
  stop.abort();
  await ended;
});
