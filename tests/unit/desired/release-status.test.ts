// What a SchemaRelease tells about its rollout.

import { describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/annotations.ts';
import type { SchemaRelease } from '../../../src/api/schema-release.ts';
import type { StudioTenant } from '../../../src/api/studio-tenant.ts';
import type { MigrationRun } from '../../../src/desired/migration-run.ts';
import { releaseStatus } from '../../../src/desired/release-status.ts';
import { rollout } from '../../../src/desired/rollout.ts';
import { aRelease, aRun, FAILED } from '../../support/a-migration.ts';
import { aTenant } from '../../support/a-tenant.ts';

const tenant = (number: number, version?: number, more: Parameters<typeof aTenant>[0] = {}): StudioTenant =>
  aTenant({
    ...more,
    metadata: { name: `studio-${number}`, uid: `uid-${number}`, ...more.metadata },
    ...(version === undefined ? {} : { status: { observedGeneration: 1, schema: { release: `studio-${version}`, version } } }),
  });

const statusOf = (
  release: SchemaRelease,
  tenants: readonly StudioTenant[],
  runs: readonly MigrationRun[] = [],
  others: readonly SchemaRelease[] = [],
) => {
  const all = rollout([release, ...others], runs);
  const progress = all.releases.find((each) => each.release === release);
  if (progress === undefined) throw new Error('the release is not there');
  return releaseStatus({
    progress,
    rollout: all,
    tenants,
    runsOf: (uid) => runs.filter((run) => run.tenantUid === uid),
    now: '2026-03-01T00:00:00Z',
  });
};

const trueOnes = (status: ReturnType<typeof statusOf>) =>
  status.conditions?.filter((condition) => condition.status === 'True').map(({ type, reason }) => [type, reason]);

describe('the counts', () => {
  test('put every tenant that it concerns in one place', () => {
    const release = aRelease(2);
    const runs = [aRun({ tenant: tenant(2), release }), aRun({ tenant: tenant(3), release, phase: 'failed', outcome: FAILED })];
    const tenants = [
      tenant(1, 1),
      tenant(2, 1),
      tenant(3, 1),
      tenant(4, 2),
      tenant(5),
      tenant(6, 1, { spec: { release: 'studio-1' } }),
      tenant(7, 3),
    ];
    expect(statusOf(release, tenants, runs, [aRelease(1)])).toMatchObject({
      pending: 2,
      running: 1,
      failed: 1,
      done: 1,
      failedTenants: ['studio-tenants/studio-3'],
    });
  });

  test('leave out what is being deleted', () => {
    const leaving = tenant(1, 1, { metadata: { name: 'studio-1', uid: 'uid-1', deletionTimestamp: '2026-02-01T00:00:00Z' } });
    expect(statusOf(aRelease(2), [leaving])).toMatchObject({ pending: 0 });
  });

  test('count those who wait although nothing may start', () => {
    expect(statusOf(aRelease(2, { paused: true }), [tenant(1, 1), tenant(2, 1)], [], [aRelease(1)])).toMatchObject({ pending: 2 });
  });

  test('leave the older release with those who stay on it', () => {
    expect(statusOf(aRelease(1), [tenant(1, 1), tenant(2, 2)], [], [aRelease(2)])).toMatchObject({ pending: 0, done: 1 });
  });
});

describe('the conditions', () => {
  const release = aRelease(2, { maxFailures: 2 });
  const failed = (number: number) => aRun({ tenant: tenant(number), release, phase: 'failed', outcome: FAILED });

  test('exactly one of the three holds', () => {
    expect(trueOnes(statusOf(release, []))).toEqual([['Ready', 'RolledOut']]);
    expect(trueOnes(statusOf(release, [tenant(1, 1)]))).toEqual([['Reconciling', 'RollingOut']]);
    expect(trueOnes(statusOf(release, [tenant(1, 1)], [failed(1)]))).toEqual([['Stalled', 'TenantsFailed']]);
    expect(trueOnes(statusOf(release, [tenant(1, 1), tenant(2, 1)], [failed(1), failed(2)]))).toEqual([['Stalled', 'RolloutHalted']]);
    expect(trueOnes(statusOf(aRelease(2, { paused: true }), [tenant(1, 1)]))).toEqual([['Stalled', 'Paused']]);
    expect(trueOnes(statusOf(aRelease(2, { paused: true }), [tenant(1, 2)]))).toEqual([['Ready', 'RolledOut']]);
  });

  test('do not wait for tenants that wait for a person: suspended ones, and those that cannot be served', () => {
    const stalled = {
      type: 'Stalled',
      status: 'True',
      reason: 'SubdomainTaken',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    } as const;
    const cannotBeServed = tenant(2, undefined, { status: { observedGeneration: 1, conditions: [stalled] } });
    const suspended = tenant(3, 1, { spec: { suspended: true } });
    const status = statusOf(aRelease(2), [tenant(1, 2), cannotBeServed, suspended]);
    expect(status).toMatchObject({ pending: 2, done: 1 });
    expect(trueOnes(status)).toEqual([['Ready', 'RolledOut']]);
    expect(status.conditions?.[0]?.message).toContain('2 tenants, suspended or in need of a person');
    // One that serves although its newest change failed is still brought here.
    const serving = { ...stalled, type: 'Ready' } as const;
    const schema = { release: 'studio-1', version: 1 };
    const degraded = tenant(4, undefined, { status: { observedGeneration: 1, schema, conditions: [serving, stalled] } });
    expect(trueOnes(statusOf(aRelease(2), [degraded]))).toEqual([['Reconciling', 'RollingOut']]);
  });

  test('a duplicate says that it is ignored', () => {
    const younger = aRelease(2, {}, { name: 'copy', creationTimestamp: '2026-06-01T00:00:00Z' });
    const status = statusOf(younger, [tenant(1, 1)], [], [release]);
    expect(trueOnes(status)).toEqual([['Stalled', 'DuplicateVersion']]);
    expect(status.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'False', reason: 'DuplicateVersion' });
    expect(status).toMatchObject({ pending: 0, done: 0 });
  });

  test('name the failed, but no more than people read', () => {
    const many = Array.from({ length: 30 }, (_, number) => failed(number));
    const status = statusOf(release, [], many);
    expect(status.failedTenants).toHaveLength(20);
    expect(status.conditions?.[0]?.message).toContain('and 10 more');
    expect(status.halted).toBe(true);
  });
});

test('the retry that was acted on is noted, and stays when the annotation goes', () => {
  const asked = aRelease(2, {}, { annotations: { [ANNOTATION.retry]: '1' } });
  expect(statusOf(asked, []).handled).toEqual({ retry: '1' });
  const removed: SchemaRelease = { ...aRelease(2), status: { observedGeneration: 1, handled: { retry: '1' } } };
  expect(statusOf(removed, []).handled).toEqual({ retry: '1' });
});

test('nothing differs when nothing has changed', () => {
  const before: SchemaRelease = { ...aRelease(2), status: statusOf(aRelease(2), [tenant(1, 1)]) };
  expect(statusOf(before, [tenant(1, 1)])).toEqual(before.status);
});
