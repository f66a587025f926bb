// Every situation of a tenant's schema, and what is done about it.

import { describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/annotations.ts';
import { attemptKey } from '../../../src/desired/migration-attempt.ts';
import type { Target } from '../../../src/desired/rollout.ts';
import { decideSchema, isSlowToStart, type SchemaObserved } from '../../../src/steps/schema-decide.ts';
import { AWAY, aRelease, aRun, FAILED } from '../../support/a-migration.ts';
import { aTenant } from '../../support/a-tenant.ts';

const NOW = Date.parse('2026-02-01T00:10:00Z');

const towards = (release = aRelease(2), more: Partial<Extract<Target, { kind: 'release' }>> = {}): Target => ({
  kind: 'release',
  release,
  held: undefined,
  pinned: false,
  ...more,
});

const decide = (change: Partial<SchemaObserved> = {}) => {
  const target = change.target ?? towards();
  return decideSchema({
    nowMs: NOW,
    recorded: undefined,
    attemptKey: target.kind === 'release' ? attemptKey(aTenant(), target.release) : undefined,
    runs: [],
    suspended: false,
    resuming: false,
    served: false,
    server: 'main',
    slots: { running: 0, limit: 4 },
    refused: undefined,
    leftover: undefined,
    problem: undefined,
    ...change,
    target,
  });
};

const AT_1 = { recorded: { release: 'studio-1', version: 1 }, served: true };
const minutesAgo = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();

describe('with nothing to do', () => {
  test('no release at all is in sync, with an empty schema', () => {
    expect(decide({ target: { kind: 'none' } })).toMatchObject({ kind: 'inSync', reason: 'NoRelease' });
  });

  test('the target is reached', () => {
    expect(decide({ recorded: { release: 'studio-2', version: 2 } })).toMatchObject({ kind: 'inSync' });
  });

  test('a schema is never taken back', () => {
    expect(decide({ recorded: { release: 'studio-9', version: 9 } })).toMatchObject({ kind: 'inSync', reason: 'AheadOfRelease' });
  });

  test('a pinned release that does not exist is waited for, and does not stop a tenant that serves', () => {
    const target: Target = { kind: 'notFound', name: 'studio-x', duplicate: false };
    expect(decide({ target })).toMatchObject({ kind: 'waiting', reason: 'ReleaseNotFound', blocks: true });
    expect(decide({ target, ...AT_1 })).toMatchObject({ kind: 'waiting', reason: 'ReleaseNotFound', blocks: false });
  });
});

describe('starting', () => {
  test('a tenant behind its target starts, if there is a slot', () => {
    expect(decide()).toMatchObject({ kind: 'outOfSync', change: { kind: 'start', number: 0 } });
    expect(decide({ slots: { running: 4, limit: 4 } })).toMatchObject({ kind: 'waiting', reason: 'WaitingForSlot', blocks: true });
    expect(decide({ slots: { running: 5, limit: 4 }, ...AT_1 })).toMatchObject({ kind: 'waiting', blocks: false });
  });

  test('a Job that the API server has refused is not posted again at once', () => {
    const refused = { message: 'exceeded quota: no-jobs', untilMs: NOW + 7_000 };
    expect(decide({ refused })).toMatchObject({
      kind: 'waiting',
      reason: 'MigrationRefused',
      message: expect.stringContaining('exceeded quota: no-jobs.') as string,
      retryAfterMs: 7_000,
    });
  });

  test('a suspended tenant waits until it is resumed, and is in sync meanwhile', () => {
    expect(decide({ suspended: true, ...AT_1 })).toMatchObject({ kind: 'inSync', reason: 'Suspended' });
    expect(decide({ suspended: true })).toMatchObject({ kind: 'inSync', reason: 'Suspended' });
  });

  test('on resume the migration comes before traffic', () => {
    expect(decide({ ...AT_1, resuming: true, runs: [aRun({ release: aRelease(2) })] })).toMatchObject({ kind: 'waiting', blocks: true });
  });

  test.each(['paused', 'halted'] as const)('a %s release starts nothing', (held) => {
    expect(decide({ target: towards(aRelease(2), { held }) })).toMatchObject({ kind: 'waiting', blocks: true });
    expect(decide({ target: towards(aRelease(2), { held }), ...AT_1 })).toMatchObject({ kind: 'inSync' });
    expect(decide({ target: towards(aRelease(2), { held, pinned: true }), ...AT_1 })).toMatchObject({ kind: 'waiting', blocks: false });
  });
});

describe('while a Job is there', () => {
  const running = aRun({ release: aRelease(2), createdAt: minutesAgo(1) });

  test('it is waited for, whatever is wanted by now', () => {
    expect(decide({ runs: [running] })).toMatchObject({ kind: 'waiting', reason: 'Migrating', blocks: true });
    expect(decide({ runs: [running], target: towards(aRelease(3)) })).toMatchObject({ kind: 'waiting', reason: 'Migrating' });
    expect(decide({ runs: [running], target: { kind: 'none' }, ...AT_1 })).toMatchObject({ reason: 'Migrating', blocks: false });
    expect(decide({ runs: [running], suspended: true })).toMatchObject({ reason: 'Migrating' });
  });

  test('a pod that does not start is said', () => {
    const problem = { reason: 'ErrImagePull', message: 'ErrImagePull: not found' };
    expect(decide({ runs: [running], problem })).toMatchObject({
      kind: 'waiting',
      reason: 'MigrationNotStarting',
      message: expect.stringContaining('ErrImagePull: not found') as string,
    });
  });

  test('its pod is asked after five seconds, unless it is at work', () => {
    const young = aRun({ createdAt: new Date(NOW - 4_000).toISOString() });
    const old = aRun({ createdAt: new Date(NOW - 6_000).toISOString() });
    expect(isSlowToStart(young, NOW)).toBe(false);
    expect(isSlowToStart(old, NOW)).toBe(true);
    expect(isSlowToStart({ ...old, ready: true }, NOW)).toBe(false);
  });

  test('one that is being deleted is waited for', () => {
    expect(decide({ runs: [{ ...running, deleting: true }] })).toMatchObject({ kind: 'waiting', reason: 'MigrationStopping' });
  });

  test('nothing starts while a pod of a deleted Job is at work', () => {
    expect(decide({ leftover: { workingPods: 1 } })).toMatchObject({ kind: 'waiting', reason: 'MigrationStopping' });
    expect(decide({ leftover: { workingPods: 0 } })).toMatchObject({ kind: 'outOfSync', change: { kind: 'clean' } });
  });
});

describe('after a Job', () => {
  const done = aRun({ release: aRelease(2), phase: 'succeeded' });
  const failed = aRun({ release: aRelease(2), phase: 'failed', outcome: FAILED, createdAt: minutesAgo(5) });

  test('success is recorded before anything else', () => {
    expect(decide({ runs: [done], leftover: { workingPods: 0 } })).toMatchObject({ change: { kind: 'record', run: { name: done.name } } });
  });

  test('success of an older release is recorded, and the newer one follows', () => {
    expect(decide({ runs: [done], target: towards(aRelease(3)) })).toMatchObject({ change: { kind: 'record' } });
    expect(decide({ runs: [done], target: towards(aRelease(3)), recorded: { release: 'studio-2', version: 2 } })).toMatchObject({
      change: { kind: 'start' },
    });
  });

  test('what is recorded is never lowered', () => {
    expect(decide({ runs: [done], recorded: { release: 'studio-5', version: 5 } })).toMatchObject({ kind: 'inSync' });
  });

  test('a failure is explained while its pods are there', () => {
    const { outcome: _unknown, ...bare } = failed;
    expect(decide({ runs: [{ ...bare, outcome: undefined }], leftover: { workingPods: 0 } })).toMatchObject({
      change: { kind: 'explain' },
    });
  });

  test('a failure needs a person, and stops only a tenant that has never served', () => {
    expect(decide({ runs: [failed] })).toMatchObject({
      kind: 'failed',
      reason: 'MigrationFailed',
      blocks: true,
      code: '42P01',
      message: expect.stringContaining(FAILED.message) as string,
    });
    expect(decide({ runs: [failed], ...AT_1 })).toMatchObject({ kind: 'failed', blocks: false });
  });

  test('a failure without SQLSTATE has its exit code', () => {
    const outcome = { message: 'exit code 3', exitCode: 3, transient: false };
    expect(decide({ runs: [{ ...failed, outcome }] })).toMatchObject({ code: '3' });
  });

  test('what it logged in with goes, also after a failure', () => {
    expect(decide({ runs: [failed], leftover: { workingPods: 0 } })).toMatchObject({ change: { kind: 'clean' } });
  });

  test('a retry makes another attempt', () => {
    const tenant = aTenant({ metadata: { annotations: { [ANNOTATION.retry]: 'again' } } });
    expect(decide({ runs: [failed], attemptKey: attemptKey(tenant, aRelease(2)) })).toMatchObject({ change: { kind: 'start', number: 0 } });
  });

  test('a retry while the release is held changes nothing yet', () => {
    const tenant = aTenant({ metadata: { annotations: { [ANNOTATION.retry]: 'again' } } });
    const target = towards(aRelease(2), { held: 'halted' });
    expect(decide({ runs: [failed], target, attemptKey: attemptKey(tenant, aRelease(2)), ...AT_1 })).toMatchObject({ kind: 'failed' });
  });

  test('a newer release is another attempt', () => {
    expect(decide({ runs: [failed], target: towards(aRelease(3)) })).toMatchObject({ change: { kind: 'start' } });
  });

  test('a cause that may go away is tried again after a growing pause', () => {
    const attempt = (number: number, agoS: number) =>
      aRun({
        release: aRelease(2),
        phase: 'failed',
        outcome: AWAY,
        number,
        createdAt: minutesAgo(9),
        finishedAt: new Date(NOW - agoS * 1_000).toISOString(),
      });
    expect(decide({ runs: [attempt(0, 1)] })).toMatchObject({
      kind: 'waiting',
      reason: 'MigrationRetrying',
      retryAfterMs: 4_000,
      blocks: true,
    });
    expect(decide({ runs: [attempt(0, 6)] })).toMatchObject({ change: { kind: 'start', number: 1 } });
    expect(decide({ runs: [attempt(2, 6)] })).toMatchObject({ kind: 'waiting', retryAfterMs: 14_000 });
    expect(decide({ runs: [attempt(50, 301)] })).toMatchObject({ change: { kind: 'start', number: 51 } });
  });

  test('older Jobs go; the last failed one stays until something has succeeded', () => {
    const older = aRun({ release: aRelease(1), phase: 'failed', outcome: FAILED, createdAt: minutesAgo(60) });
    expect(decide({ runs: [older, failed] })).toMatchObject({ change: { kind: 'prune', runs: [{ name: older.name }] } });
    const later = { ...done, createdAtMs: NOW };
    expect(decide({ runs: [failed, later], recorded: { release: 'studio-2', version: 2 } })).toMatchObject({
      change: { kind: 'prune', runs: [{ name: failed.name }] },
    });
    expect(decide({ runs: [later], recorded: { release: 'studio-2', version: 2 } })).toMatchObject({ kind: 'inSync' });
  });
});
