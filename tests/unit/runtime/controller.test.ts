// The one place that decides about deadlines, retries, logging and stopping.
import { afterEach, expect, test } from 'vitest';
import { Controller } from '../../../src/runtime/controller.ts';
import type { ControllerOptions } from '../../../src/runtime/controller.ts';
import { noControllerMetrics } from '../../../src/runtime/metrics.ts';
import { TerminalError } from '../../../src/runtime/reconciler.ts';
import type { Reconciler, Request } from '../../../src/runtime/reconciler.ts';
import { Unavailable } from '../../../src/runtime/unavailable.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { keptLog, silentLog } from './logs.ts';

const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

interface Running {
  readonly controller: Controller;
  readonly clock: FakeClock;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

function started(reconcile: Reconciler, options: Partial<ControllerOptions> = {}): Running {
  const clock = new FakeClock();
  const stop = new AbortController();
  stops.push(stop);
  const backoff = { baseMs: 1000, maxMs: 60_000, jitter: 0 };
  const controller = new Controller({ name: 'thing', reconcile, log: silentLog, clock, backoff, ...options });
  return { controller, clock, stop, ended: controller.start(stop.signal) };
}

const a: Request = { namespace: 'ns', name: 'a' };

test('a request arrives as it was enqueued, cluster-scoped ones without a namespace', async () => {
  const seen: Request[] = [];
  const { controller } = started(async (request) => {
    seen.push(request);
    return {};
  });
  controller.enqueue(a);
  controller.enqueue({ name: 'wide' });
  await settle();
  expect(seen).toEqual([a, { name: 'wide' }]);
});

test('a result with requeueAfterMs comes back then, one without does not', async () => {
  let runs = 0;
  const { controller, clock } = started(async () => (++runs === 1 ? { requeueAfterMs: 5000 } : {}));
  controller.enqueue(a);
  await clock.advance(4999);
  expect(runs).toBe(1);
  await clock.advance(1);
  expect(runs).toBe(2);
  await clock.advance(1_000_000);
  expect(runs).toBe(2);
});

test('an error is retried with growing delays and logged once each time, with the reconcile id', async () => {
  const { log, lines } = keptLog();
  const ids: string[] = [];
  const at: number[] = [];
  const { controller, clock } = started(
    async (_, { reconcileId }) => {
      ids.push(reconcileId);
      at.push(clock.monotonicMs());
      if (ids.length < 4) throw new Error('creating database "x"', { cause: new Error('no space') });
      return {};
    },
    { log },
  );
  controller.enqueue(a);
  await clock.advance(100_000);
  expect(at.map((ms) => ms - at[0]!)).toEqual([0, 1000, 3000, 7000]);
  expect(new Set(ids).size).toBe(4);
  expect(lines.map(({ msg, level }) => `${level} ${msg}`)).toEqual(Array(3).fill('50 reconcile failed'));
  expect(lines.map((line) => line['reconcileId'])).toEqual(ids.slice(0, 3));
  expect(lines[0]).toMatchObject({ controller: 'thing', namespace: 'ns', name: 'a', failures: 1 });
  expect(controller.queue.numRequeues('ns/a')).toBe(0);
});

test('a terminal error is logged and not retried, until something changes', async () => {
  const { log, lines } = keptLog();
  let runs = 0;
  const { controller, clock } = started(
    async () => {
      runs += 1;
      throw new TerminalError('no such plan');
    },
    { log },
  );
  controller.enqueue(a);
  await clock.advance(1_000_000);
  expect(runs).toBe(1);
  controller.enqueue(a);
  await clock.advance(1_000_000);
  expect(runs).toBe(2);
  expect(lines.map((line) => line.msg)).toEqual(Array(2).fill('reconcile failed for good'));
});

test('another system being away is a warning, retried no sooner than it asked', async () => {
  const { log, lines } = keptLog();
  const at: number[] = [];
  const { controller, clock } = started(
    async () => {
      at.push(clock.monotonicMs());
      if (at.length === 1) throw new Unavailable('connection refused', { system: 'master', retryAfterMs: 9000 });
      return {};
    },
    { log },
  );
  controller.enqueue(a);
  await clock.advance(60_000);
  expect(at[1]! - at[0]!).toBe(9000);
  expect(lines.map(({ msg, level }) => `${level} ${msg}`)).toEqual(['40 reconcile waits for another system']);
});

test('one slow key holds up one worker and nobody else', async () => {
  const slow = Promise.withResolvers<void>();
  const done: string[] = [];
  const { controller } = started(
    async ({ name }) => {
      if (name === 'slow') await slow.promise;
      done.push(name);
      return {};
    },
    { workers: 2 },
  );
  for (const name of ['slow', 'b', 'c', 'd']) controller.enqueue({ name });
  await settle();
  expect(done).toEqual(['b', 'c', 'd']);
  slow.resolve();
  await settle();
  expect(done).toEqual(['b', 'c', 'd', 'slow']);
});

test('a reconcile past its deadline sees its signal abort, and is retried', async () => {
  let runs = 0;
  const { controller, clock } = started(
    async (_, { signal }) => {
      runs += 1;
      if (runs > 1) return {};
      await clock.sleep(3_600_000, signal);
      return {};
    },
    { reconcileTimeoutMs: 30_000 },
  );
  controller.enqueue(a);
  await clock.advance(29_999);
  expect(controller.queue.running).toBe(1);
  await clock.advance(1);
  expect(controller.queue.running).toBe(0);
  await clock.advance(1000);
  expect(runs).toBe(2);
});

test('a reconcile that ignores its signal keeps its key: never two at once for one key', async () => {
  const stuck = Promise.withResolvers<void>();
  let running = 0;
  let most = 0;
  const { controller, clock } = started(
    async () => {
      most = Math.max(most, ++running);
      await stuck.promise;
      running -= 1;
      return {};
    },
    { workers: 3, reconcileTimeoutMs: 1000 },
  );
  controller.enqueue(a);
  await clock.advance(10_000);
  controller.enqueue(a);
  await clock.advance(10_000);
  expect(most).toBe(1);
  stuck.resolve();
  await clock.advance(10_000);
  expect(most).toBe(1);
});

test('a stop takes nothing more and waits for what is running', async () => {
  const work = Promise.withResolvers<void>();
  const begun: string[] = [];
  const finished: string[] = [];
  const { controller, stop, ended } = started(async ({ name }, { signal }) => {
    begun.push(name);
    await work.promise;
    finished.push(`${name} ${signal.aborted}`);
    return { requeueAfterMs: 1 };
  });
  controller.enqueue({ name: 'running' });
  controller.enqueue({ name: 'waiting' });
  await settle();
  stop.abort();
  controller.enqueue({ name: 'late' });
  work.resolve();
  await ended;
  expect(begun).toEqual(['running']);
  expect(finished).toEqual(['running false']);
});

test('a stop aborts what has not ended in time, without calling that an error', async () => {
  const { log, lines } = keptLog();
  let ended = false;
  const running = started(
    async (_, { signal }) => {
      await running.clock.sleep(3_600_000, signal);
      return {};
    },
    { log, stopTimeoutMs: 5000 },
  );
  void running.ended.then(() => (ended = true));
  running.controller.enqueue(a);
  await settle();
  running.stop.abort();
  await running.clock.advance(4999);
  expect(ended).toBe(false);
  await running.clock.advance(1);
  expect(ended).toBe(true);
  expect(lines.filter((line) => line.level >= 50)).toEqual([]);
  expect(lines.map((line) => line.msg)).toContain('reconcile ended by the stop');
});

test('a stop does not wait for ever for what ignores its signal', async () => {
  const { controller, clock, stop, ended } = started(() => new Promise(() => undefined), { stopTimeoutMs: 5000 });
  controller.enqueue(a);
  await settle();
  stop.abort();
  await clock.advance(5000 + 2000);
  await expect(ended).resolves.toBeUndefined();
});

test('a controller that is started with a signal already aborted reconciles nothing', async () => {
  let runs = 0;
  const controller = new Controller({
    name: 'thing',
    log: silentLog,
    reconcile: async () => {
      runs += 1;
      return {};
    },
  });
  controller.enqueue(a);
  await controller.start(AbortSignal.abort());
  expect(runs).toBe(0);
});

test('metrics carry results under the names of controller-runtime', async () => {
  const seen: string[] = [];
  const answers: Reconciler[] = [
    async () => ({}),
    async () => ({ requeueAfterMs: 3_600_000 }),
    async () => {
      throw new TerminalError('never');
    },
  ];
  const { controller, clock } = started((request, context) => answers.shift()!(request, context), {
    metrics: {
      ...noControllerMetrics,
      reconcile: (name, result) => seen.push(`${name} ${result}`),
      terminalError: () => seen.push('terminal'),
      activeWorkers: (_, count) => seen.push(`active ${count}`),
      maxWorkers: (_, count) => seen.push(`max ${count}`),
    },
  });
  for (const name of ['1', '2', '3']) {
    controller.enqueue({ name });
    await clock.advance(1);
  }
  expect(seen.filter((line) => !line.startsWith('active'))).toEqual([
    'max 1',
    'thing success',
    'thing requeue_after',
    'terminal',
    'thing error',
  ]);
  expect(seen.at(-1)).toBe('active 0');
});
