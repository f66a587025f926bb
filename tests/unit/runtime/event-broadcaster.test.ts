// Events are merged, limited per object, and never in anybody's way.
import { expect, test } from 'vitest';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { EventBroadcaster } from '../../../src/runtime/event-broadcaster.ts';
import type { CoreEvent, EventSink } from '../../../src/runtime/event-sink.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { keptLog, silentLog } from './logs.ts';

class KeptEvents implements EventSink {
  readonly events = new Map<string, CoreEvent>();
  writes = 0;
  gate: Promise<unknown> = Promise.resolve();
  failure: Error | undefined;

  async create(event: CoreEvent): Promise<void> {
    await this.#write();
    if (this.events.has(event.metadata.name)) throw new Error('the name is taken');
    this.events.set(event.metadata.name, event);
  }

  async repeat(event: CoreEvent): Promise<boolean> {
    await this.#write();
    if (!this.events.has(event.metadata.name)) return false;
    this.events.set(event.metadata.name, event);
    return true;
  }

  get all(): CoreEvent[] {
    return [...this.events.values()];
  }

  async #write(): Promise<void> {
    this.writes += 1;
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
  }
}

function anObject(name: string, namespace?: string): KubernetesObject {
  const metadata = { name, uid: `uid-${name}`, resourceVersion: '7', generation: 1, creationTimestamp: '2030-01-01T00:00:00Z' };
  return {
    apiVersion: 'example.com/v1',
    kind: 'Thing',
    metadata: namespace === undefined ? metadata : { ...metadata, namespace },
  };
}

const ready = { type: 'Normal', reason: 'Ready', message: 'It is ready' } as const;

function aBroadcaster(log = silentLog): { recorder: EventBroadcaster; sink: KeptEvents; clock: FakeClock; dropped: string[] } {
  const sink = new KeptEvents();
  const clock = new FakeClock();
  const dropped: string[] = [];
  const metrics = { recorded: () => undefined, dropped: (cause: string) => dropped.push(cause) };
  const recorder = new EventBroadcaster({ sink, component: 'operator', instance: 'pod-1', log, clock, metrics });
  return { recorder, sink, clock, dropped };
}

test('an event names its object, who says it and when', async () => {
  const { recorder, sink } = aBroadcaster();
  recorder.record(anObject('a', 'ns'), ready);
  await recorder.flush();
  expect(sink.all).toEqual([
    {
      metadata: { name: expect.stringMatching(/^a\.[0-9a-f]{16}$/) as string, namespace: 'ns' },
      involvedObject: { apiVersion: 'example.com/v1', kind: 'Thing', name: 'a', namespace: 'ns', uid: 'uid-a', resourceVersion: '7' },
      ...ready,
      source: { component: 'operator' },
      reportingComponent: 'operator',
      reportingInstance: 'pod-1',
      firstTimestamp: '2030-01-01T00:00:01Z',
      lastTimestamp: '2030-01-01T00:00:01Z',
      count: 1,
    },
  ]);
});

test('events of what is cluster-scoped are kept in the namespace default', async () => {
  const { recorder, sink } = aBroadcaster();
  recorder.record(anObject('wide'), ready);
  await recorder.flush();
  expect(sink.all[0]?.metadata.namespace).toBe('default');
  expect(sink.all[0]?.involvedObject).not.toHaveProperty('namespace');
});

test('the same said again raises the count of one event; another message is another event', async () => {
  const { recorder, sink, clock } = aBroadcaster();
  for (let n = 0; n < 3; n += 1) {
    recorder.record(anObject('a', 'ns'), ready);
    await recorder.flush();
    await clock.advance(10_000);
  }
  recorder.record(anObject('a', 'ns'), { ...ready, message: 'It is ready again' });
  await recorder.flush();
  expect(sink.all.map((event) => event.count)).toEqual([3, 1]);
  expect(sink.all[0]).toMatchObject({ firstTimestamp: '2030-01-01T00:00:01Z', lastTimestamp: '2030-01-01T00:00:21Z' });
});

test('a burst of one event while the first is on its way costs two writes', async () => {
  const { recorder, sink, dropped } = aBroadcaster();
  const open = Promise.withResolvers<void>();
  sink.gate = open.promise;
  recorder.record(anObject('a', 'ns'), ready);
  await settle();
  for (let n = 1; n < 20; n += 1) recorder.record(anObject('a', 'ns'), ready);
  open.resolve();
  await recorder.flush();
  expect(dropped).toEqual([]);
  expect(sink.writes).toBe(2);
  expect(sink.all.map((event) => event.count)).toEqual([20]);
});

test('an event that has expired in the cluster is created again under a new name', async () => {
  const { recorder, sink } = aBroadcaster();
  recorder.record(anObject('a', 'ns'), ready);
  await recorder.flush();
  const [first] = sink.events.keys();
  sink.events.clear();
  recorder.record(anObject('a', 'ns'), ready);
  await recorder.flush();
  expect(sink.all.map((event) => event.count)).toEqual([2]);
  expect([...sink.events.keys()]).not.toEqual([first]);
});

test('one object cannot flood: 25 at once, then one in five minutes; others are not held back', async () => {
  const { recorder, sink, clock, dropped } = aBroadcaster();
  const say = (name: string, n: number): void => recorder.record(anObject(name, 'ns'), { ...ready, message: `message ${n}` });
  for (let n = 0; n < 40; n += 1) say('loud', n);
  say('quiet', 0);
  await recorder.flush();
  expect(sink.all.filter((event) => event.involvedObject.name === 'loud')).toHaveLength(25);
  expect(sink.all.filter((event) => event.involvedObject.name === 'quiet')).toHaveLength(1);
  expect(dropped).toEqual(Array(15).fill('rateLimited'));
  await clock.advance(300_000);
  say('loud', 100);
  say('loud', 101);
  await recorder.flush();
  expect(sink.all.filter((event) => event.involvedObject.name === 'loud')).toHaveLength(26);
});

test('recording never throws and never waits; what cannot be sent is logged and counted, and tried with the next', async () => {
  const { log, lines } = keptLog();
  const { recorder, sink, dropped } = aBroadcaster(log);
  sink.failure = new Error('connection refused');
  recorder.record(anObject('a', 'ns'), ready);
  await recorder.flush();
  expect(dropped).toEqual(['failed']);
  expect(lines.map((line) => line.msg)).toEqual(['could not send an event']);
  sink.failure = undefined;
  recorder.record(anObject('a', 'ns'), ready);
  await recorder.flush();
  expect(sink.all.map((event) => event.count)).toEqual([2]);
});

test('when a thousand wait to be sent, more are dropped', async () => {
  const { recorder, sink, dropped } = aBroadcaster();
  const open = Promise.withResolvers<void>();
  sink.gate = open.promise;
  for (let n = 0; n < 1100; n += 1) recorder.record(anObject(`o${n}`, 'ns'), ready);
  await settle();
  open.resolve();
  await recorder.flush();
  expect(dropped).toEqual(Array(96).fill('queueFull'));
  expect(sink.all).toHaveLength(1004);
});

test('a message that is too long is cut', async () => {
  const { recorder, sink } = aBroadcaster();
  recorder.record(anObject('a', 'ns'), { ...ready, message: 'x'.repeat(5000) });
  await recorder.flush();
  expect(sink.all[0]?.message).toHaveLength(1024);
});
