// The lock between two commands that would build the same thing.

import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withFileLock } from '../../../dev/cluster/file-lock.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'studio-lock-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

test('lets one in at a time, and tells the other whom it waits for', async () => {
  const file = path.join(directory, 'lock');
  const events: string[] = [];
  const holders: number[] = [];
  const release = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const first = withFileLock(
    file,
    async () => {
      events.push('first in');
      entered.resolve();
      await release.promise;
      events.push('first out');
    },
    () => undefined,
  );
  await entered.promise;
  const second = withFileLock(
    file,
    async () => void events.push('second in'),
    (holder) => {
      holders.push(holder);
      release.resolve();
    },
  );
  await Promise.all([first, second]);
  expect(events).toEqual(['first in', 'first out', 'second in']);
  expect(holders).toEqual([process.pid]);
  expect(await readdir(directory)).toEqual([]);
});

test('takes over from a holder that was killed', async () => {
  const file = path.join(directory, 'lock');
  const { pid } = spawnSync('/bin/sh', ['-c', 'exit 0']);
  await writeFile(file, String(pid));
  expect(
    await withFileLock(
      file,
      async () => 'in',
      () => undefined,
    ),
  ).toBe('in');
});

test('is released when the work fails', async () => {
  const file = path.join(directory, 'lock');
  const failing = async (): Promise<never> => {
    throw new Error('no compiler');
  };
  await expect(withFileLock(file, failing, () => undefined)).rejects.toThrow('no compiler');
  expect(await readdir(directory)).toEqual([]);
});
