// Leader election on a clock moved by hand: never two, always one in the end, and the fence holds before any timer does.
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { leaderIdentity, LeadershipLost } from '../../../src/runtime/leader-election.ts';
import type { Leadership } from '../../../src/runtime/leader-election.ts';
import { DEFAULT_LEASE_TIMING, LeaderElector } from '../../../src/runtime/leader-elector.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { keptLog, silentLog } from './logs.ts';
import { LeaseServer, ShakyLock } from './shaky-lock.ts';
import type { Link } from './shaky-lock.ts';

class Candidate {
  readonly name: string;
  readonly lock: ShakyLock;
  readonly stop = new AbortController();
  leadership: Leadership | undefined;
  ended: unknown;
  /** How long the work goes on after it was told to stop. */
  windUpMs = 0;
  readonly #clock: FakeClock;
  #terms = 0;

  constructor(name: string, server: LeaseServer, clock: FakeClock) {
    this.name = name;
    this.#clock = clock;
    this.lock = new ShakyLock(server, clock);
  }

  run(): void {
    this.ended = undefined;
    const identity = `${this.name}-${(this.#terms += 1)}`;
    const elector = new LeaderElector({ lock: this.lock, identity, log: silentLog, clock: this.#clock });
    elector
      .run(this.stop.signal, (leadership) => this.#lead(leadership))
      .then(
        () => (this.ended = 'stopped'),
        (error: unknown) => (this.ended = error),
      );
  }

  get mayAct(): boolean {
    try {
      this.leadership?.assertLeading();
      return this.leadership !== undefined;
    } catch {
      return false;
    }
  }

  async #lead(leadership: Leadership): Promise<void> {
    this.leadership = leadership;
    const either = AbortSignal.any([this.stop.signal, leadership.lost]);
    if (!either.aborted) await new Promise((resolve) => either.addEventListener('abort', resolve, { once: true }));
    if (this.windUpMs > 0) await this.#clock.sleep(this.windUpMs);
  }
}

const running: Candidate[] = [];
afterEach(() => {
  for (const candidate of running.splice(0)) candidate.stop.abort();
});

function candidates(count: number): { clock: FakeClock; server: LeaseServer; all: Candidate[] } {
  const clock = new FakeClock();
  const server = new LeaseServer();
  const all = Array.from({ length: count }, (_, n) => new Candidate(`c${n}`, server, clock));
  running.push(...all);
  for (const candidate of all) candidate.run();
  return { clock, server, all };
}

const acting = (all: readonly Candidate[]): Candidate[] => all.filter((candidate) => candidate.mayAct);

test('of three candidates one leads, and goes on leading', async () => {
  const { clock, server, all } = candidates(3);
  await clock.advance(5000);
  const [leader] = acting(all);
  expect(acting(all)).toHaveLength(1);
  await clock.advance(300_000);
  expect(acting(all)).toEqual([leader]);
  expect(server.lease?.spec).toMatchObject({ leaseTransitions: 0, leaseDurationSeconds: 15 });
  expect(server.lease?.spec?.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
});

test('a leader renews with one request, without reading what it wrote itself', async () => {
  const { clock, all } = candidates(1);
  await clock.advance(1000);
  const before = all[0]!.lock.calls;
  await clock.advance(20_000);
  expect(all[0]!.lock.calls - before).toBeLessThanOrEqual(10);
});

test('after a graceful stop the work ends first, then the lease is released and the next takes it at once', async () => {
  const { clock, server, all } = candidates(2);
  await clock.advance(5000);
  const leader = acting(all)[0]!;
  const other = all.find((candidate) => candidate !== leader)!;
  leader.windUpMs = 12_000;
  leader.stop.abort();
  await clock.advance(11_900);
  expect(leader.mayAct).toBe(true);
  expect(other.mayAct).toBe(false);
  await clock.advance(10_000);
  expect(leader.ended).toBe('stopped');
  expect(leader.leadership?.lost.aborted).toBe(true);
  expect(leader.mayAct).toBe(false);
  expect(other.mayAct).toBe(true);
  expect(server.lease?.spec?.leaseTransitions).toBe(2 - 1);
});

test.each<Link>(['hangs', 'fails', 'lost'])('a leader whose connection %s steps down before another may lead', async (link) => {
  const { clock, all } = candidates(2);
  await clock.advance(5000);
  const leader = acting(all)[0]!;
  leader.lock.link = link;
  let gap = 0;
  while (acting(all)[0] === leader || acting(all).length === 0) {
    await clock.advance(250);
    expect(acting(all).length).toBeLessThanOrEqual(1);
    if (acting(all).length === 0) gap += 250;
    if (gap > 60_000) break;
  }
  expect(acting(all)).toHaveLength(1);
  expect(acting(all)[0]).not.toBe(leader);
  expect(leader.leadership?.lost.aborted).toBe(true);
  expect(leader.ended).toBeInstanceOf(LeadershipLost);
});

test('a process that was frozen may not act when it wakes, although no timer has told it yet', async () => {
  const { clock, all } = candidates(1);
  await clock.advance(5000);
  const { leadership } = all[0]!;
  expect(() => leadership?.assertLeading()).not.toThrow();
  clock.jump(DEFAULT_LEASE_TIMING.renewDeadlineMs + 1);
  expect(leadership?.lost.aborted).toBe(false);
  expect(() => leadership?.assertLeading()).toThrow(LeadershipLost);
});

test('time that only the wall clock saw pass counts as well: a suspended machine', async () => {
  const { clock, all } = candidates(1);
  await clock.advance(5000);
  const { leadership } = all[0]!;
  const real = clock.now.bind(clock);
  clock.now = () => new Date(real().getTime() + 3_600_000);
  expect(() => leadership?.assertLeading()).toThrow(LeadershipLost);
});

test('clocks of other machines do not matter: a lease renewed with times of long ago is still held', async () => {
  const clock = new FakeClock();
  const server = new LeaseServer();
  const candidate = new Candidate('late', server, clock);
  running.push(candidate);
  const renew = (n: number): void => {
    const renewTime = `1999-01-01T00:00:${String(n).padStart(2, '0')}.000000Z`;
    server.write({ holderIdentity: 'other', leaseDurationSeconds: 15, renewTime }, server.lease?.metadata.resourceVersion);
  };
  renew(0);
  candidate.run();
  for (let n = 1; n < 30; n += 1) {
    await clock.advance(2000);
    renew(n);
  }
  expect(candidate.mayAct).toBe(false);
  await clock.advance(14_000);
  expect(candidate.mayAct).toBe(false);
  await clock.advance(8000);
  expect(candidate.mayAct).toBe(true);
});

test('a lease that was taken over, or deleted and taken, ends the term at the next renewal', async () => {
  const { clock, server, all } = candidates(1);
  await clock.advance(5000);
  server.write({ holderIdentity: 'intruder', leaseDurationSeconds: 15 }, server.lease?.metadata.resourceVersion);
  await clock.advance(3000);
  expect(all[0]!.leadership?.lost.aborted).toBe(true);
  await clock.advance(6000);
  expect(all[0]!.ended).toBeInstanceOf(LeadershipLost);
});

test('a lease deleted by somebody is made again by its holder', async () => {
  const { clock, server, all } = candidates(1);
  await clock.advance(5000);
  server.lease = undefined;
  await clock.advance(5000);
  expect(all[0]!.mayAct).toBe(true);
  expect(server.lease).toMatchObject({ spec: { holderIdentity: 'c0-1' } });
});

test('what the work throws comes out of run, after the lease was released', async () => {
  const clock = new FakeClock();
  const server = new LeaseServer();
  const elector = new LeaderElector({ lock: new ShakyLock(server, clock), identity: 'me', log: silentLog, clock });
  let caught: unknown;
  void elector
    .run(new AbortController().signal, async () => {
      await clock.sleep(3000);
      throw new Error('migrating the master database');
    })
    .catch((error: unknown) => (caught = error));
  await clock.advance(10_000);
  expect(caught).toMatchObject({ message: 'migrating the master database' });
  expect(server.lease?.spec?.holderIdentity).toBe('');
});

test('a candidate that is stopped while it waits just ends', async () => {
  const { clock, all } = candidates(2);
  await clock.advance(5000);
  const waiting = all.find((candidate) => !candidate.mayAct)!;
  waiting.stop.abort();
  await settle();
  await clock.advance(100);
  expect(waiting.ended).toBe('stopped');
  expect(waiting.leadership).toBeUndefined();
});

test('trouble with the lease is logged, a lost race is not', async () => {
  const { log, lines } = keptLog();
  const clock = new FakeClock();
  const lock = new ShakyLock(new LeaseServer(), clock);
  lock.link = 'fails';
  const stop = new AbortController();
  const done = new LeaderElector({ lock, identity: 'me', log, clock }).run(stop.signal, () => Promise.resolve());
  await clock.advance(2000);
  expect(lines.some((line) => line.msg === 'could not read or write the lease')).toBe(true);
  stop.abort();
  await done;
});

test('timing that could let two lead is refused', () => {
  const options = { lock: new ShakyLock(new LeaseServer(), new FakeClock()), identity: 'me', log: silentLog };
  const timing = (leaseDurationMs: number, renewDeadlineMs: number, retryPeriodMs: number) => () =>
    new LeaderElector({ ...options, timing: { leaseDurationMs, renewDeadlineMs, retryPeriodMs } });
  expect(timing(10_000, 10_000, 2000)).toThrow(RangeError);
  expect(timing(15_000, 2000, 2000)).toThrow(RangeError);
  expect(timing(15_000, 10_000, 2000)).not.toThrow();
});

test('an identity is different for each process and fits into an application name', () => {
  const identity = leaderIdentity('studio-operator-7f9c4d5b8-with-a-very-long-pod-name', '0123456789abcdef');
  expect(identity).toBe('studio-operator-7f9c4d5b8-with_0123456789ab');
  expect(`studio-operator/${identity}`.length).toBeLessThanOrEqual(63);
});

/** As Kubernetes does with a pod whose process has ended. */
function restartEnded(all: readonly Candidate[]): void {
  for (const candidate of all) if (candidate.ended !== undefined) candidate.run();
}

const links = fc.constantFrom<Link>('works', 'works', 'works', 'fails', 'hangs', 'lost');
const weather = fc.array(fc.record({ who: fc.nat(2), link: links, ms: fc.integer({ min: 100, max: 12_000 }) }), { maxLength: 25 });

test('whatever happens to their connections, never do two act, and in the end one does', async () => {
  await fc.assert(
    fc.asyncProperty(weather, async (changes) => {
      const { clock, all } = candidates(3);
      for (const { who, link, ms } of changes) {
        all[who]!.lock.link = link;
        for (let left = ms; left > 0; left -= 200) {
          await clock.advance(Math.min(200, left));
          expect(acting(all).length).toBeLessThanOrEqual(1);
          restartEnded(all);
        }
      }
      for (const candidate of all) candidate.lock.link = 'works';
      for (let step = 0; step < 60; step += 1) {
        await clock.advance(1000);
        restartEnded(all);
      }
      expect(acting(all)).toHaveLength(1);
      for (const candidate of all) candidate.stop.abort();
    }),
    { numRuns: 25 },
  );
});
