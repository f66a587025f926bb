import { expect, test } from 'vitest';
import { Semaphore } from '../../../src/runtime/semaphore.ts';
import { inSlot, ServerBusy } from '../../../src/servers/busy.ts';

test('who finds no free slot in time goes away, and leaves the slot to others', async () => {
  const slots = new Semaphore(1);
  const slow = Promise.withResolvers<string>();
  const working = inSlot(slots, () => slow.promise);
  await expect(inSlot(slots, async () => 'never', 10)).rejects.toBeInstanceOf(ServerBusy);
  slow.resolve('done');
  expect(await working).toBe('done');
  expect(await inSlot(slots, async () => 'next')).toBe('next');
});

test('what has begun takes the time that it needs, and its own error is passed on', async () => {
  const slots = new Semaphore(1);
  const failure = new Error('refused');
  const work = async (): Promise<never> => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    throw failure;
  };
  await expect(inSlot(slots, work, 1)).rejects.toBe(failure);
});
