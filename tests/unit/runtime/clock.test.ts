// The real clock's promises about aborting: the rest of the runtime leans on them.
import { expect, test } from 'vitest';
import { pause, systemClock } from '../../../src/runtime/clock.ts';

test('a sleep rejects with the reason of its signal as soon as that aborts', async () => {
  const stop = new AbortController();
  const sleeping = systemClock.sleep(3_600_000, stop.signal);
  stop.abort(new Error('enough'));
  await expect(sleeping).rejects.toThrow('enough');
});

test('a sleep with a signal that has aborted before does not start', async () => {
  await expect(systemClock.sleep(3_600_000, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
  await expect(systemClock.sleep(0, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
});

test('a sleep longer than a timer can be does not end at once', async () => {
  const stop = new AbortController();
  const ended = await Promise.race([
    systemClock.sleep(2 ** 31 + 5, stop.signal).then(() => 'slept'),
    systemClock.sleep(20).then(() => 'still asleep'),
  ]);
  stop.abort();
  expect(ended).toBe('still asleep');
});

test('a sleep leaves no listener behind', async () => {
  const stop = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = stop.signal;
  stop.signal.addEventListener = (...given: Parameters<typeof addEventListener>) => {
    listeners += 1;
    addEventListener.apply(stop.signal, given);
  };
  stop.signal.removeEventListener = (...given: Parameters<typeof removeEventListener>) => {
    listeners -= 1;
    removeEventListener.apply(stop.signal, given);
  };
  await systemClock.sleep(1, stop.signal);
  expect(listeners).toBe(0);
});

test('a pause ends with its signal instead of throwing', async () => {
  const stop = new AbortController();
  const pausing = pause(systemClock, 3_600_000, stop.signal);
  stop.abort();
  await expect(pausing).resolves.toBeUndefined();
});
