// Which release a tenant should be at, and which releases may go on.

import { describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/annotations.ts';
import type { SchemaRelease } from '../../../src/api/schema-release.ts';
import type { MigrationRun } from '../../../src/desired/migration-run.ts';
import { rollout, targetOf, tenantsConcernedBy } from '../../../src/desired/rollout.ts';
import { AWAY, aRelease, aRun, FAILED } from '../../support/a-migration.ts';
import { aTenant } from '../../support/a-tenant.ts';

const tenant = (number: number) => aTenant({ metadata: { name: `studio-${number}`, uid: `uid-${number}` } });

const failures = (release: SchemaRelease, count: number, outcome = FAILED): readonly MigrationRun[] =>
  Array.from({ length: count }, (_, number) => aRun({ tenant: tenant(number), release, phase: 'failed', outcome }));

const stateOf = (releases: readonly SchemaRelease[], runs: readonly MigrationRun[], name: string) =>
  rollout(releases, runs).releases.find(({ release }) => release.metadata.name === name)?.state;

const targetFor = (
  releases: readonly SchemaRelease[],
  position: Partial<Parameters<typeof targetOf>[0]> = {},
  runs: readonly MigrationRun[] = [],
) => {
  const target = targetOf({ pinnedTo: undefined, version: undefined, runs: [], ...position }, rollout(releases, runs));
  return target.kind === 'release' ? [target.release.metadata.name, target.held] : [target.kind];
};

describe('a release', () => {
  test('is open until somebody or something holds it', () => {
    expect(stateOf([aRelease(1)], [], 'studio-1')).toBe('open');
    expect(stateOf([aRelease(1, { paused: true })], [], 'studio-1')).toBe('paused');
    expect(stateOf([aRelease(1, {}, { annotations: { [ANNOTATION.paused]: 'true' } })], [], 'studio-1')).toBe('paused');
  });

  test('halts when as many tenants have failed as it allows', () => {
    const release = aRelease(2, { maxFailures: 3 });
    expect(stateOf([release], failures(release, 2), 'studio-2')).toBe('open');
    expect(stateOf([release], failures(release, 3), 'studio-2')).toBe('halted');
  });

  test('counts a tenant once, and by its newest attempt', () => {
    const release = aRelease(2, { maxFailures: 1 });
    const failed = aRun({ release, phase: 'failed', outcome: FAILED });
    const again = aRun({ release, number: 1, phase: 'running', createdAt: '2026-02-02T00:00:00Z' });
    expect(stateOf([release], [failed], 'studio-2')).toBe('halted');
    expect(stateOf([release], [failed, again], 'studio-2')).toBe('open');
  });

  test('does not count what is tried again by itself', () => {
    const release = aRelease(2, { maxFailures: 1 });
    expect(stateOf([release], failures(release, 5, AWAY), 'studio-2')).toBe('open');
  });

  test('starts counting anew with its retry annotation', () => {
    const before = aRelease(2, { maxFailures: 1 });
    const after = aRelease(2, { maxFailures: 1 }, { annotations: { [ANNOTATION.retry]: 'now' } });
    expect(stateOf([after], failures(before, 3), 'studio-2')).toBe('open');
    expect(stateOf([after], failures(after, 1), 'studio-2')).toBe('halted');
  });

  test('does not inherit the failures of one of the same name that was deleted', () => {
    const release = aRelease(2, { maxFailures: 1 });
    expect(stateOf([aRelease(2, { maxFailures: 1 }, { uid: 'new' })], failures(release, 3), 'studio-2')).toBe('open');
  });

  test('is a duplicate when an older one has its version; equal ages are told apart by uid', () => {
    const older = aRelease(2, {}, { name: 'older', creationTimestamp: '2026-01-01T00:00:00Z' });
    const younger = aRelease(2, {}, { name: 'younger', creationTimestamp: '2026-01-02T00:00:00Z' });
    expect(stateOf([younger, older], [], 'younger')).toBe('duplicate');
    expect(stateOf([younger, older], [], 'older')).toBe('open');
    const twins = [aRelease(2, {}, { name: 'a', uid: 'a' }), aRelease(2, {}, { name: 'b', uid: 'b' })];
    expect(rollout(twins, []).releases.map(({ state }) => state)).toEqual(['open', 'duplicate']);
  });

  test('that is being deleted is gone, and its duplicate takes its place', () => {
    const older = aRelease(2, {}, { name: 'older', creationTimestamp: '2026-01-01T00:00:00Z', deletionTimestamp: '2026-03-01T00:00:00Z' });
    const younger = aRelease(2, {}, { name: 'younger' });
    expect(stateOf([younger, older], [], 'younger')).toBe('open');
  });
});

describe('a target', () => {
  test('is nothing where there is no release', () => {
    expect(targetFor([])).toEqual(['none']);
  });

  test('is the highest version', () => {
    expect(targetFor([aRelease(1), aRelease(3), aRelease(2)])).toEqual(['studio-3', undefined]);
  });

  test('is the pinned release, held or not', () => {
    expect(targetFor([aRelease(1), aRelease(2)], { pinnedTo: 'studio-1' })).toEqual(['studio-1', undefined]);
    expect(targetFor([aRelease(1, { paused: true }), aRelease(2)], { pinnedTo: 'studio-1' })).toEqual(['studio-1', 'paused']);
  });

  test('is not found when the pinned release does not exist or is a duplicate', () => {
    expect(targetFor([aRelease(1)], { pinnedTo: 'other' })).toEqual(['notFound']);
    const duplicate = aRelease(1, {}, { name: 'copy', creationTimestamp: '2026-06-01T00:00:00Z' });
    expect(targetFor([aRelease(1), duplicate], { pinnedTo: 'copy' })).toEqual(['notFound']);
  });

  test('falls back on the last good release for those who have not begun', () => {
    const bad = aRelease(2, { maxFailures: 1 });
    const runs = failures(bad, 1);
    expect(targetFor([aRelease(1), bad], {}, runs)).toEqual(['studio-1', undefined]);
    expect(targetFor([aRelease(1), aRelease(2, { paused: true })])).toEqual(['studio-1', undefined]);
  });

  test('stays with a held release for those who have begun', () => {
    const bad = aRelease(2, { maxFailures: 1 });
    const runs = failures(bad, 1);
    expect(targetFor([aRelease(1), bad], { version: 1, runs }, runs)).toEqual(['studio-2', 'halted']);
  });

  test('moves on to a newer release from a failed one', () => {
    const bad = aRelease(2, { maxFailures: 1 });
    const runs = failures(bad, 1);
    expect(targetFor([aRelease(1), bad, aRelease(3)], { version: 1, runs }, runs)).toEqual(['studio-3', undefined]);
  });

  test('is held where all releases are', () => {
    expect(targetFor([aRelease(1, { paused: true }), aRelease(2, { paused: true })])).toEqual(['studio-2', 'paused']);
  });
});

test('a release concerns those pinned to it and the unpinned that are not ahead of it', () => {
  const at = (version: number | undefined, release?: string) =>
    aTenant({
      metadata: { name: `at-${String(version)}-${release ?? ''}` },
      spec: release === undefined ? {} : { release },
      status: { observedGeneration: 1, ...(version === undefined ? {} : { schema: { version } }) },
    });
  const tenants = [at(undefined), at(1), at(2), at(3), at(1, 'studio-2'), at(1, 'studio-1')];
  expect(tenantsConcernedBy(aRelease(2), tenants).map(({ metadata }) => metadata.name)).toEqual([
    'at-undefined-',
    'at-1-',
    'at-2-',
    'at-1-studio-2',
  ]);
});
