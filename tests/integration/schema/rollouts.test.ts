// Many tenants at once: never more migrations on a server than allowed, halting, pausing, and an operator that dies in between.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { JOB } from '../../../src/api/resources.ts';
import { migrationRun, type Job } from '../../../src/desired/migration-run.ts';
import { eventually } from '../../support/eventually.ts';
import { conditionOf, Studio, TENANTS } from '../../support/studio.ts';
import { applyRelease, deleteReleases, FOLDERS, jobsOf, Pods, releaseIs, retryRelease, running } from './migrations.ts';

const LIMIT = { MAX_PARALLEL_MIGRATIONS: '2' };
const NAMES = ['one', 'two', 'three', 'four', 'five', 'six'];

const pods = new Pods();
let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start({ pods: pods.policy });
  await studio.startOperator(LIMIT);
  await applyRelease(studio, 1, FOLDERS.one);
  for (const name of NAMES) await studio.applyTenant(name);
  for (const name of NAMES) await studio.settled(name, 120_000);
}, 240_000);
afterAll(async () => await studio[Symbol.asyncDispose]());
afterEach(() => {
  for (const name of NAMES) pods.set(name, { kind: 'run' });
});

/** How many Jobs were there unfinished at most, from every change that the API server tells of; until `stop`. */
const watchMost = async (): Promise<{ most: () => number; stop: () => void }> => {
  const ending = new AbortController();
  const store = await studio.cluster.follow<Job>(JOB, TENANTS, ending.signal);
  const now = (): number => store.list().filter((job) => migrationRun(job)?.phase === 'running').length;
  let most = now();
  store.onChange(() => {
    most = Math.max(most, now());
  });
  return { most: () => most, stop: () => ending.abort() };
};

const allAt = async (version: number, names: readonly string[] = NAMES): Promise<void> => {
  for (const name of names)
    await studio.waitFor(name, ({ status }) => status?.schema?.version === version && status.phase === 'Ready', 120_000);
};

test('a release reaches all tenants, at most so many at once', async () => {
  const watched = await watchMost();
  await applyRelease(studio, 2, FOLDERS.two);
  await allAt(2);
  expect(watched.most()).toBe(2);
  watched.stop();
  await releaseIs(
    studio,
    2,
    ({ done, pending, conditions }) =>
      done === NAMES.length && pending === 0 && conditions?.find(({ type }) => type === 'Ready')?.status === 'True',
  );
});

test('an operator that is killed in the middle, again and again, neither exceeds that nor leaves anybody behind', async () => {
  const watched = await watchMost();
  await applyRelease(studio, 3, FOLDERS.two);
  for (let death = 0; death < 3; death += 1) {
    await eventually(async () => (await running(studio)).length > 0, { timeoutMs: 60_000 });
    await studio.operator?.kill();
    await studio.startOperator(LIMIT);
  }
  await allAt(3);
  expect(watched.most()).toBeLessThanOrEqual(2);
  watched.stop();
  for (const name of NAMES) expect(await jobsOf(studio, name)).toHaveLength(1);
});

describe('a release that fails', () => {
  test('halts after so many tenants, leaves all of them serving, and new ones start on the last good release', async () => {
    for (const name of NAMES) pods.set(name, { kind: 'fail', exitCode: 65, message: 'broken' });
    await applyRelease(studio, 4, FOLDERS.two, { maxFailures: 2 });
    const { status } = await releaseIs(studio, 4, ({ halted }) => halted === true);
    expect(status?.conditions?.find(({ type }) => type === 'Stalled')).toMatchObject({ status: 'True', reason: 'RolloutHalted' });
    await eventually(async () => (await running(studio)).length === 0, { timeoutMs: 30_000 });

    const tried = (await Promise.all(NAMES.map((name) => jobsOf(studio, name)))).flat().filter(({ release }) => release.version === 4);
    expect(tried.length).toBeGreaterThanOrEqual(2);
    // Two run at once: when the second fails, at most one more has begun.
    expect(tried.length).toBeLessThanOrEqual(3);
    for (const name of NAMES) expect(conditionOf((await studio.tenant(name)) ?? (await studio.settled(name)), 'Ready')).toBe('True');

    await studio.applyTenant('newcomer');
    expect((await studio.settled('newcomer')).status?.schema).toMatchObject({ version: 3 });
  });

  test('goes on with its retry annotation, the failed ones included', async () => {
    await retryRelease(studio, 4, 'mended');
    await allAt(4, [...NAMES, 'newcomer']);
    const { status } = await releaseIs(studio, 4, ({ pending, failed }) => pending === 0 && failed === 0);
    expect(status).toMatchObject({ halted: false, handled: { retry: 'mended' } });
  });
});

test('a paused release waits, and goes on when the pause ends', async () => {
  await applyRelease(studio, 5, FOLDERS.two, { paused: true });
  const { status } = await releaseIs(studio, 5, ({ pending }) => pending === NAMES.length + 1);
  expect(status?.conditions?.find(({ type }) => type === 'Stalled')).toMatchObject({ status: 'True', reason: 'Paused' });
  expect(await running(studio)).toEqual([]);
  for (const name of NAMES) expect((await studio.tenant(name))?.status).toMatchObject({ phase: 'Ready', schema: { version: 4 } });

  await applyRelease(studio, 5, FOLDERS.two, { paused: false });
  await allAt(5, [...NAMES, 'newcomer']);
});

test('of two releases with one version the younger is ignored', async () => {
  await studio.apply('SchemaRelease', 'copy', { version: 5, args: FOLDERS.failing });
  const reason = await eventually(
    async () => {
      const copies = await studio.cluster.api.list<{
        metadata: never;
        apiVersion: string;
        kind: string;
        status?: { conditions?: { type: string; reason: string }[] };
      }>({
        group: 'studio-platform.io',
        version: 'v1alpha1',
        plural: 'schemareleases',
        kind: 'SchemaRelease',
        namespaced: false,
      });
      return copies.items.flatMap(({ status }) => status?.conditions ?? []).find(({ reason: each }) => each === 'DuplicateVersion');
    },
    { timeoutMs: 30_000 },
  );
  expect(reason.type).toBe('Ready');
  await studio.applyTenant('newcomer', { release: 'copy' });
  await studio.reason('newcomer', 'SchemaReady', 'ReleaseNotFound');
  await studio.applyTenant('newcomer', {});
  await studio.settled('newcomer');
});

test('without any release tenants keep what they have', async () => {
  await deleteReleases(studio);
  for (const name of NAMES) await studio.reason(name, 'SchemaReady', 'NoRelease');
  expect((await studio.settled('one')).status?.schema).toMatchObject({ version: 5 });
});
