// The rule by which everybody waits after failures.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffDelayMs, retryAfterMsOf } from '../../../src/runtime/backoff.ts';
import { Unavailable } from '../../../src/runtime/unavailable.ts';

test('each failure doubles the delay until the cap', () => {
  const backoff = { baseMs: 500, maxMs: 300_000, jitter: 0 };
  const delays = [0, 1, 2, 3, 9, 10, 1000].map((failures) => backoffDelayMs(backoff, failures));
  expect(delays).toEqual([500, 1000, 2000, 4000, 256_000, 300_000, 300_000]);
});

test('jitter spreads a delay by its share and no further', () => {
  const backoff = { baseMs: 1000, maxMs: 60_000, jitter: 0.5 };
  fc.assert(
    fc.property(fc.nat(20), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
      const plain = backoffDelayMs({ ...backoff, jitter: 0 }, failures);
      const delay = backoffDelayMs(backoff, failures, () => random);
      expect(delay).toBeGreaterThanOrEqual(plain * 0.5);
      expect(delay).toBeLessThanOrEqual(plain * 1.5);
    }),
  );
});

test('what the other side asked us to wait is read from any error that carries it', () => {
  expect(retryAfterMsOf(new Unavailable('busy', { system: 'kubernetes', retryAfterMs: 3000 }))).toBe(3000);
  expect(retryAfterMsOf(new Unavailable('away', { system: 'kubernetes' }))).toBe(0);
  expect(retryAfterMsOf(new Error('other'))).toBe(0);
  expect(retryAfterMsOf(undefined)).toBe(0);
});
