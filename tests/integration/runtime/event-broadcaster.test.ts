// Events as kubectl finds them: one per thing said, counted, in the namespace of the object or in `default`.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { EVENT, NAMESPACE, SECRET } from '../../../src/api/resources.ts';
import { eventSink } from '../../../src/clients/kubernetes/event-sink.ts';
import { EventBroadcaster } from '../../../src/runtime/event-broadcaster.ts';
import type { CoreEvent } from '../../../src/runtime/event-sink.ts';
import { freshNamespace } from '../../support/kube.ts';
import type { TestNamespace } from '../../support/kube.ts';
import { keptLog } from '../../unit/runtime/logs.ts';
import { aClient } from '../kubernetes/clients.ts';

const client = aClient();
const { kubernetes } = client;
const kept = keptLog();
const recorder = new EventBroadcaster({
  sink: eventSink(kubernetes),
  component: 'studio-operator',
  instance: 'pod-1',
  log: kept.log,
});
let ns: TestNamespace;
let secret: KubernetesObject;

beforeAll(async () => {
  ns = await freshNamespace('events');
  secret = await kubernetes.create(SECRET, { metadata: { name: 'spoken-of', namespace: ns.name } });
});
afterAll(async () => {
  await ns[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
});

type FoundEvent = KubernetesObject & CoreEvent;

async function eventsOf(object: KubernetesObject): Promise<readonly FoundEvent[]> {
  const { namespace = 'default', uid } = object.metadata;
  return (await kubernetes.list<FoundEvent>(EVENT, { namespace, fieldSelector: `involvedObject.uid=${uid}` })).items;
}

test('the same said many times is one Event with a count, and survives its own deletion', async () => {
  const note = { type: 'Warning', reason: 'SubdomainTaken', message: 'The subdomain belongs to another' } as const;
  for (let n = 0; n < 4; n += 1) {
    recorder.record(secret, note);
    await recorder.flush();
  }
  const [event, ...others] = await eventsOf(secret);
  expect(others).toEqual([]);
  expect(event).toMatchObject({ ...note, count: 4, source: { component: 'studio-operator' }, reportingComponent: 'studio-operator' });
  expect(event?.involvedObject).toMatchObject({ kind: 'Secret', name: 'spoken-of', namespace: ns.name });
  await kubernetes.delete(EVENT, { namespace: ns.name, name: event!.metadata.name });
  recorder.record(secret, note);
  await recorder.flush();
  expect((await eventsOf(secret)).map(({ count }) => count)).toEqual([5]);
});

test('an Event about a cluster-scoped object is kept in default', async () => {
  const namespace = (await kubernetes.get(NAMESPACE, { name: ns.name }))!;
  recorder.record(namespace, { type: 'Normal', reason: 'Seen', message: 'It was seen' });
  await recorder.flush();
  const [event] = await eventsOf(namespace);
  expect(event).toMatchObject({ reason: 'Seen', metadata: { namespace: 'default' } });
  await kubernetes.delete(EVENT, { namespace: 'default', name: event!.metadata.name });
});

test('an Event that the API server refuses is logged, and the recorder lives on', async () => {
  const nowhere = { ...secret, metadata: { ...secret.metadata, namespace: 'no-such-namespace', uid: 'another' } };
  recorder.record(nowhere, { type: 'Normal', reason: 'Lost', message: 'Nobody hears this' });
  await recorder.flush();
  expect(kept.lines.map((line) => line.msg)).toEqual(['could not send an event']);
  recorder.record(secret, { type: 'Normal', reason: 'Alive', message: 'Still here' });
  await recorder.flush();
  expect((await eventsOf(secret)).map((event) => event.reason)).toContain('Alive');
});
