// The limit on migrations per server, whatever the cache has heard of yet.

import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { keyOf } from '../../../src/api/object-meta.ts';
import type { SchemaRelease } from '../../../src/api/schema-release.ts';
import type { Kubernetes } from '../../../src/clients/kubernetes/kubernetes.ts';
import type { Job } from '../../../src/desired/migration-run.ts';
import { MemoryStore } from '../../../src/runtime/memory-store.ts';
import { MigrationFleet } from '../../../src/steps/schema-fleet.ts';
import { aJob, aRelease, FAILED } from '../../support/a-migration.ts';
import { aTenant } from '../../support/a-tenant.ts';

const log = pino({ level: 'silent' });
const tenant = (number: number) => aTenant({ metadata: { name: `studio-${number}`, uid: `uid-${number}` } });
const job = (number: number, more: Parameters<typeof aJob>[0] = {}): Job => aJob({ tenant: tenant(number), ...more });

let jobs: MemoryStore<Job>;
let releases: MemoryStore<SchemaRelease>;
let live: Job[];
let fleet: MigrationFleet;

beforeEach(() => {
  jobs = new MemoryStore<Job>({ log });
  live = [];
  const kubernetes = { list: () => Promise.resolve({ items: live, resourceVersion: '1' }) } as unknown as Kubernetes;
  releases = new MemoryStore<SchemaRelease>({ log });
  fleet = new MigrationFleet({ kubernetes, jobs, releases, namespaces: ['studio-tenants'], maxParallel: 2 });
});

describe('slots', () => {
  test('Jobs of this process count before the cache has heard of them', () => {
    expect([1, 2, 3].map((number) => fleet.take(job(number)))).toEqual([true, true, false]);
    expect(fleet.slots('main')).toEqual({ running: 2, limit: 2 });
  });

  test('a Job counts once, also when both the cache and we know it', () => {
    fleet.take(job(1));
    jobs.set(keyOf(job(1)), job(1), 'watch');
    expect(fleet.slots('main').running).toBe(1);
  });

  test('servers have slots of their own', () => {
    fleet.take(job(1));
    fleet.take(job(2));
    expect(fleet.take(job(3, { server: 'other' }))).toBe(true);
  });

  test('a Job that could not be made gives its slot back', () => {
    fleet.take(job(1));
    fleet.take(job(2));
    fleet.forget(keyOf(job(2)));
    expect(fleet.take(job(3))).toBe(true);
  });

  test('a Job that turned out never to have been made gives its slot back, and wakes who waits', () => {
    const woken: string[] = [];
    fleet.onFreeSlot((key) => woken.push(key));
    fleet.take(job(1));
    fleet.take(job(2));
    fleet.waitForSlot('main', 'studio-tenants/studio-3');
    fleet.saw(keyOf(job(2)), undefined);
    expect(woken).toEqual(['studio-tenants/studio-3']);
    expect(fleet.slots('main').running).toBe(1);
  });

  test('finished Jobs hold none', () => {
    for (const number of [1, 2, 3]) jobs.set(keyOf(job(number)), job(number, { phase: 'failed' }), 'list');
    expect(fleet.slots('main').running).toBe(0);
  });

  test('a Job that a former leader posted last counts although the cache has not heard of it', async () => {
    live = [job(1), job(2)];
    await fleet.adopt();
    expect(fleet.take(job(3))).toBe(false);
    expect(fleet.isUnconfirmed(keyOf(job(1)))).toBe(true);
  });

  test('the API server is asked again when it could not be asked', async () => {
    let calls = 0;
    const list = (): Promise<unknown> => {
      calls += 1;
      return calls === 1 ? Promise.reject(new Error('away')) : Promise.resolve({ items: [job(1)], resourceVersion: '1' });
    };
    const fresh = new MigrationFleet({ kubernetes: { list } as unknown as Kubernetes, jobs, releases, namespaces: '*', maxParallel: 1 });
    await expect(fresh.adopt()).rejects.toThrow('away');
    await fresh.adopt();
    await fresh.adopt();
    expect([calls, fresh.slots('main').running]).toEqual([2, 1]);
  });
});

describe('waiting', () => {
  test('as many are woken as slots come free, first come first served', () => {
    const woken: string[] = [];
    fleet.onFreeSlot((key) => woken.push(key));
    for (const number of [1, 2]) {
      fleet.take(job(number));
      jobs.set(keyOf(job(number)), job(number), 'watch');
    }
    fleet.waitForSlot('main', 'ns/third');
    fleet.waitForSlot('main', 'ns/fourth');
    expect(woken).toEqual([]);
    jobs.set(keyOf(job(1)), { ...job(1, { phase: 'succeeded' }), metadata: { ...job(1).metadata, resourceVersion: '2' } }, 'watch');
    expect(woken).toEqual(['ns/third']);
    jobs.delete(keyOf(job(2)), 'watch');
    expect(woken).toEqual(['ns/third', 'ns/fourth']);
  });

  test('whoever begins to wait when a slot has just come free is woken at once', () => {
    const woken: string[] = [];
    fleet.onFreeSlot((key) => woken.push(key));
    fleet.waitForSlot('main', 'ns/first');
    expect(woken).toEqual(['ns/first']);
  });
});

test('a refusal is a pause, and then forgotten', () => {
  fleet.wasRefused('uid-1', { message: 'quota', untilMs: 10 });
  expect(fleet.refusalOf('uid-1', 9)).toMatchObject({ message: 'quota' });
  expect(fleet.refusalOf('uid-2', 9)).toBeUndefined();
  expect(fleet.refusalOf('uid-1', 10)).toBeUndefined();
});

describe('what this process has written', () => {
  test('is newer than the cache until the cache hears of the Job', () => {
    jobs.set(keyOf(job(1)), job(1), 'watch');
    fleet.saw(keyOf(job(1)), undefined);
    expect(fleet.runsOf('uid-1')).toEqual([]);
    jobs.set(keyOf(job(1)), { ...job(1), metadata: { ...job(1).metadata, resourceVersion: '2' } }, 'watch');
    expect(fleet.runsOf('uid-1')).toHaveLength(1);
  });

  test('decides about releases too', () => {
    const release = aRelease(1, { maxFailures: 1 });
    releases.set(release.metadata.name, release, 'list');
    expect(fleet.rollout().releases[0]?.state).toBe('open');
    fleet.saw(keyOf(job(1)), job(1, { release, phase: 'failed', outcome: FAILED }));
    expect(fleet.rollout().releases[0]?.state).toBe('halted');
  });
});
