// At most N at a time, in order, and a waiter that gives up takes nobody's place.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Semaphore } from '../../../src/runtime/semaphore.ts';

test('no more than its slots run at once, and all run in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(3), { maxLength: 40 }), async (slots, works) => {
      const semaphore = new Semaphore(slots);
      let running = 0;
      let most = 0;
      const order: number[] = [];
      await Promise.all(
        works.map((turns, index) =>
          semaphore.run(async () => {
            order.push(index);
            most = Math.max(most, ++running);
            for (let turn = 0; turn <= turns; turn += 1) await Promise.resolve();
            running -= 1;
          }),
        ),
      );
      expect(most).toBe(Math.min(slots, works.length));
      expect(order).toEqual(works.map((_, index) => index));
    }),
  );
});

test('a newcomer gets no slot while one that was passed on is in use', async () => {
  const semaphore = new Semaphore(1);
  let running = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  };
  const waves = [semaphore.run(work), semaphore.run(work), semaphore.run(work)];
  await waves[0];
  waves.push(semaphore.run(work));
  await Promise.all(waves);
  expect(most).toBe(1);
});

test('work that throws gives its slot back', async () => {
  const semaphore = new Semaphore(1);
  await expect(semaphore.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  await expect(semaphore.run(() => Promise.resolve('next'))).resolves.toBe('next');
});

test('a waiter that is aborted leaves the line and never runs', async () => {
  const semaphore = new Semaphore(1);
  const first = Promise.withResolvers<void>();
  const stop = new AbortController();
  const ran: string[] = [];
  const holding = semaphore.run(() => first.promise);
  const waiting = semaphore.run(async () => void ran.push('aborted'), stop.signal);
  const last = semaphore.run(async () => void ran.push('last'));
  stop.abort(new Error('gave up'));
  await expect(waiting).rejects.toThrow('gave up');
  first.resolve();
  await Promise.all([holding, last]);
  expect(ran).toEqual(['last']);
  expect(semaphore.waiting).toBe(0);
});

test('an aborted signal does not get a slot even when one is free', async () => {
  const semaphore = new Semaphore(1);
  await expect(semaphore.run(() => Promise.resolve(), AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
  await expect(semaphore.run(() => Promise.resolve('free'))).resolves.toBe('free');
});

test('a semaphore without slots is a mistake', () => {
  expect(() => new Semaphore(0)).toThrow(RangeError);
  expect(() => new Semaphore(1.5)).toThrow(RangeError);
});
