// The deadline of what comes before the tests.

import { expect, test } from 'vitest';
import { inTime } from '../../support/in-time.ts';

test('is over with a sentence when the work hangs', async () => {
  const hanging = new Promise<never>(() => undefined);
  await expect(inTime('starting a cluster', 6, hanging)).rejects.toThrow('starting a cluster: not done after 0.0001 minutes');
});

test('gives what the work gives, also when that is a failure', async () => {
  expect(await inTime('counting', 60_000, Promise.resolve(3))).toBe(3);
  await expect(inTime('counting', 60_000, Promise.reject(new Error('lost count')))).rejects.toThrow('lost count');
});
