// The promises of the work queue, one by one on a clock moved by hand, and all together on random histories.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noQueueMetrics } from '../../../src/runtime/metrics.ts';
import { WorkQueue } from '../../../src/runtime/work-queue.ts';
import type { Priority } from '../../../src/runtime/work-queue.ts';
import { FakeClock, settle } from './fake-clock.ts';

const backoff = { baseMs: 1000, maxMs: 60_000, jitter: 0 };

function aQueue(): { readonly queue: WorkQueue; readonly clock: FakeClock } {
  const clock = new FakeClock();
  return { queue: new WorkQueue({ name: 'test', clock, backoff }), clock };
}

async function takeAll(queue: WorkQueue): Promise<string[]> {
  const keys: string[] = [];
  while (queue.depth > 0) {
    const key = await queue.get();
    if (key === undefined) break;
    keys.push(key);
    queue.done(key);
  }
  return keys;
}

test('a key added many times is taken once', async () => {
  const { queue } = aQueue();
  for (const key of ['a', 'b', 'a', 'a', 'b']) queue.add(key);
  expect(await takeAll(queue)).toEqual(['a', 'b']);
});

test('a key added while it runs is not given to a second worker, and runs again afterwards', async () => {
  const { queue } = aQueue();
  queue.add('a');
  const key = await queue.get();
  queue.add('a');
  queue.add('a');
  expect(queue.depth).toBe(0);
  queue.done(key!);
  expect(await takeAll(queue)).toEqual(['a']);
});

test('changes are taken before resyncs, each in their order', async () => {
  const { queue } = aQueue();
  queue.add('old-1', { priority: 'resync' });
  queue.add('old-2', { priority: 'resync' });
  queue.add('new-1');
  queue.add('new-2', { priority: 'change' });
  expect(await takeAll(queue)).toEqual(['new-1', 'new-2', 'old-1', 'old-2']);
});

test('a waiting resync that changes moves up, and a resync never moves a change down', async () => {
  const { queue } = aQueue();
  queue.add('first', { priority: 'resync' });
  queue.add('second', { priority: 'resync' });
  queue.add('second');
  queue.add('second', { priority: 'resync' });
  expect(await takeAll(queue)).toEqual(['second', 'first']);
});

test('a change during a run outranks a resync during the same run', async () => {
  const { queue } = aQueue();
  queue.add('a');
  const key = await queue.get();
  queue.add('a', { priority: 'change' });
  queue.add('a', { priority: 'resync' });
  queue.add('b', { priority: 'resync' });
  queue.add('c', { priority: 'change' });
  queue.done(key!);
  expect(await takeAll(queue)).toEqual(['c', 'a', 'b']);
});

test('of several delayed adds the earliest wins, whichever came first', async () => {
  const { queue, clock } = aQueue();
  queue.addAfter('a', 60_000);
  queue.addAfter('a', 5000);
  queue.addAfter('a', 30_000);
  await clock.advance(4999);
  expect(queue.depth).toBe(0);
  await clock.advance(1);
  expect(await takeAll(queue)).toEqual(['a']);
  await clock.advance(100_000);
  expect(queue.depth).toBe(0);
});

test('an add at once makes a delayed add of the same key needless', async () => {
  const { queue, clock } = aQueue();
  queue.addAfter('a', 5000);
  queue.add('a');
  expect(await takeAll(queue)).toEqual(['a']);
  await clock.advance(10_000);
  expect(queue.depth).toBe(0);
  expect(queue.delayed).toBe(0);
});

test('failures of one key double its own delay, and success clears it', async () => {
  const { queue, clock } = aQueue();
  const delays: number[] = [];
  for (let failure = 0; failure < 4; failure += 1) {
    const before = clock.monotonicMs();
    queue.addRateLimited('a');
    while (queue.depth === 0) await clock.advance(500);
    delays.push(clock.monotonicMs() - before);
    await takeAll(queue);
  }
  expect(delays).toEqual([1000, 2000, 4000, 8000]);
  expect(queue.numRequeues('a')).toBe(4);
  queue.forget('a');
  expect(queue.numRequeues('a')).toBe(0);
  queue.addRateLimited('b');
  await clock.advance(1000);
  expect(await takeAll(queue)).toEqual(['b']);
});

test('a retry waits at least as long as it was asked to', async () => {
  const { queue, clock } = aQueue();
  queue.addRateLimited('a', { atLeastMs: 7000 });
  await clock.advance(6999);
  expect(queue.depth).toBe(0);
  await clock.advance(1);
  expect(queue.depth).toBe(1);
});

test('a retry keeps the priority of the run that failed', async () => {
  const { queue, clock } = aQueue();
  queue.add('resynced', { priority: 'resync' });
  const key = await queue.get();
  queue.addRateLimited(key!);
  queue.done(key!);
  await clock.advance(1000);
  queue.add('changed');
  expect(await takeAll(queue)).toEqual(['changed', 'resynced']);
});

test('a worker that waits gets the next key', async () => {
  const { queue } = aQueue();
  const taking = queue.get();
  queue.add('late');
  await expect(taking).resolves.toBe('late');
});

test('a shut down queue gives nothing more, takes nothing more, and drains when the last run is done', async () => {
  const { queue, clock } = aQueue();
  queue.add('running');
  const running = await queue.get();
  queue.add('waiting');
  queue.addAfter('delayed', 1000);
  queue.add('running');
  let drained = false;
  queue.shutDown();
  expect(queue.delayed).toBe(0);
  void queue.drain().then(() => (drained = true));
  await expect(queue.get()).resolves.toBeUndefined();
  queue.add('too late');
  await clock.advance(10_000);
  expect(queue.depth).toBe(0);
  expect(drained).toBe(false);
  queue.done(running!);
  await settle();
  expect(drained).toBe(true);
  expect(clock.sleeping).toBe(0);
});

test('workers that wait are let go by a shut down', async () => {
  const { queue } = aQueue();
  const waiting = [queue.get(), queue.get()];
  queue.shutDown();
  await expect(Promise.all(waiting)).resolves.toEqual([undefined, undefined]);
});

test('done without get is a mistake', () => {
  expect(() => aQueue().queue.done('a')).toThrow('done without get');
});

test('metrics see the depth by priority, each add once, and how long things took', async () => {
  const seen: string[] = [];
  const clock = new FakeClock();
  const queue = new WorkQueue({
    name: 'test',
    clock,
    metrics: {
      ...noQueueMetrics,
      depth: (_, priority, depth) => seen.push(`${priority} ${depth}`),
      add: () => seen.push('add'),
      queued: (_, seconds) => seen.push(`queued ${seconds}`),
      worked: (_, seconds) => seen.push(`worked ${seconds}`),
    },
  });
  queue.add('a', { priority: 'resync' });
  queue.add('a', { priority: 'resync' });
  await clock.advance(2000);
  queue.add('a');
  const key = await queue.get();
  await clock.advance(3000);
  expect(queue.longestRunningMs()).toBe(3000);
  expect(queue.unfinishedMs()).toBe(3000);
  queue.done(key!);
  expect(seen).toEqual(['add', 'resync 1', 'resync 0', 'change 1', 'change 0', 'queued 2', 'worked 3']);
});

type Step =
  | { readonly op: 'add'; readonly key: string; readonly priority: Priority }
  | { readonly op: 'after'; readonly key: string; readonly ms: number }
  | { readonly op: 'retry'; readonly key: string }
  | { readonly op: 'get' }
  | { readonly op: 'done'; readonly nth: number }
  | { readonly op: 'wait'; readonly ms: number };

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const history: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ op: fc.constant('add' as const), key, priority: fc.constantFrom<Priority>('change', 'resync') }),
    fc.record({ op: fc.constant('after' as const), key, ms: fc.nat(5000) }),
    fc.record({ op: fc.constant('retry' as const), key }),
    fc.record({ op: fc.constant('get' as const) }),
    fc.record({ op: fc.constant('done' as const), nth: fc.nat(5) }),
    fc.record({ op: fc.constant('wait' as const), ms: fc.nat(3000) }),
  ),
  { maxLength: 80 },
);

/** Workers beside a queue, who notice when it breaks its promises. */
class Model {
  readonly clock = new FakeClock();
  readonly queue = new WorkQueue({ name: 'test', clock: this.clock, backoff });
  readonly running = new Set<string>();
  /** Keys added since their last run began. */
  readonly owed = new Set<string>();

  async step(step: Step): Promise<void> {
    if ('key' in step) this.#add(step);
    else if (step.op === 'wait') await this.clock.advance(step.ms);
    else if (step.op === 'get') await this.take();
    else this.finish([...this.running][step.nth % this.running.size]);
  }

  #add(step: Extract<Step, { readonly key: string }>): void {
    this.owed.add(step.key);
    if (step.op === 'add') this.queue.add(step.key, { priority: step.priority });
    else if (step.op === 'after') this.queue.addAfter(step.key, step.ms);
    else this.queue.addRateLimited(step.key);
  }

  async take(): Promise<void> {
    if (this.queue.depth === 0) return;
    const taken = await this.queue.get();
    if (this.running.has(taken!)) throw new Error(`${taken} is with two workers`);
    this.running.add(taken!);
    this.owed.delete(taken!);
  }

  finish(taken: string | undefined): void {
    if (taken === undefined) return;
    this.running.delete(taken);
    this.queue.done(taken);
  }
}

test('in any history no key is with two workers, and every key runs after the last time it was added', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      const model = new Model();
      for (const step of steps) await model.step(step);
      for (const taken of model.running) model.finish(taken);
      await model.clock.advance(200_000);
      while (model.queue.depth > 0) {
        await model.take();
        for (const taken of model.running) model.finish(taken);
      }
      expect([...model.owed]).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
