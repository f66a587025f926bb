// The bytes of a watch, cut at every possible place.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KubernetesObject } from '../../../../src/api/object-meta.ts';
import { KubernetesError } from '../../../../src/clients/kubernetes/errors.ts';
import { watchEvents } from '../../../../src/clients/kubernetes/watch-stream.ts';
import { Unavailable } from '../../../../src/runtime/unavailable.ts';

async function* inPieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const cut of [...cuts.map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
}

async function read(text: string, cuts: readonly number[] = []): Promise<unknown[]> {
  const events: unknown[] = [];
  const chunks = inPieces(new TextEncoder().encode(text), cuts);
  for await (const event of watchEvents<KubernetesObject>('WATCH /things', chunks)) events.push(event);
  return events;
}

test('however the bytes are cut, the same events come out', async () => {
  const anEvent = fc.record({
    type: fc.constantFrom('ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'),
    object: fc.record({ metadata: fc.record({ resourceVersion: fc.string(), name: fc.string({ unit: 'grapheme' }) }) }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(anEvent, { maxLength: 8 }), fc.array(fc.nat(2000), { maxLength: 12 }), async (events, cuts) => {
      const text = events.map((event) => `${JSON.stringify(event)}\n`).join('');
      expect(await read(text, cuts)).toEqual(JSON.parse(JSON.stringify(events)));
    }),
  );
});

test('an ERROR event is the error that it describes', async () => {
  const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old', details: { retryAfterSeconds: 2 } };
  const reading = read(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
  await expect(reading).rejects.toBeInstanceOf(KubernetesError);
  await expect(reading).rejects.toMatchObject({ code: 410, reason: 'Expired', retryAfterMs: 2000 });
});

test.each([
  ['half a line at the end', '{"type":"ADDED"'],
  ['a line that is not JSON', 'hello\n'],
  ['null', 'null\n'],
  ['an event without an object', '{"type":"ADDED"}\n'],
  ['an event of an unknown type', '{"type":"MOVED","object":{"metadata":{"resourceVersion":"1"}}}\n'],
  ['an object without a version', '{"type":"ADDED","object":{"metadata":{}}}\n'],
])('%s is an error, not an event', async (_, text) => {
  await expect(read(text)).rejects.toBeInstanceOf(Unavailable);
});
