// Keys come due at the earliest wish, in order, with one timer for all of them.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DelayedKeys } from '../../../src/runtime/delayed-keys.ts';
import { FakeClock } from './fake-clock.ts';

test('every key comes due once, exactly at its earliest wish, unless it was deleted', async () => {
  const wishes = fc.array(fc.record({ key: fc.nat(30), ms: fc.integer({ min: 1, max: 10_000 }), drop: fc.boolean() }), { maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(wishes, async (steps) => {
      const clock = new FakeClock();
      const startMs = clock.monotonicMs();
      const fired: [string, number][] = [];
      const delayed = new DelayedKeys<null>(clock, (key) => fired.push([key, clock.monotonicMs() - startMs]));
      const expected = new Map<string, number>();
      for (const { key, ms, drop } of steps) {
        const name = `k${key}`;
        if (drop) {
          delayed.delete(name);
          expected.delete(name);
        } else {
          delayed.add(name, ms, null);
          expected.set(name, Math.min(ms, expected.get(name) ?? Infinity));
        }
      }
      expect(delayed.size).toBe(expected.size);
      expect(clock.sleeping).toBeLessThanOrEqual(1);
      await clock.advance(20_000);
      expect(new Map(fired)).toEqual(expected);
      expect(fired.length).toBe(expected.size);
      const times = fired.map(([, ms]) => ms);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }),
    { numRuns: 60 },
  );
});

test('ten thousand keys wait on one timer, and none is left after clear', async () => {
  const clock = new FakeClock();
  const fired: string[] = [];
  const delayed = new DelayedKeys<null>(clock, (key) => fired.push(key));
  for (let n = 0; n < 10_000; n += 1) delayed.add(`k${n}`, 600_000 + n, null);
  expect(clock.sleeping).toBe(1);
  delayed.clear();
  await clock.advance(1_000_000);
  expect(fired).toEqual([]);
  expect(clock.sleeping).toBe(0);
});

test('a key that is wished for again and again neither fills the memory with old wishes nor loses those of others', async () => {
  const clock = new FakeClock();
  const fired: string[] = [];
  const delayed = new DelayedKeys<null>(clock, (key) => fired.push(key));
  for (const [n, key] of ['first', 'second', 'third'].entries()) delayed.add(key, 1000 + n, null);
  for (let n = 0; n < 5000; n += 1) {
    delayed.delete('busy');
    delayed.add('busy', 600_000, null);
  }
  expect(delayed.size).toBe(4);
  await clock.advance(600_000);
  expect(fired).toEqual(['first', 'second', 'third', 'busy']);
});
