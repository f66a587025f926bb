// The lock between two commands that would build the same thing.

import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withFileLock } from '../../../dev/cluster/file-lock.ts';
import { SetupError } from '../../../dev/setup-error.ts';

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

const taken = async (file: string): Promise<string> =>
  await withFileLock(
    file,
    async () => 'in',
    () => undefined,
    { waitAtMostMs: 2000 },
  );

test('takes over what names nobody', async () => {
  const file = path.join(directory, 'lock');
  await writeFile(file, '');
  expect(await taken(file)).toBe('in');
});

test.runIf(process.platform === 'linux')('takes over from a holder whose number is another process since', async () => {
  const file = path.join(directory, 'lock');
  await writeFile(file, `${process.ppid} 1`);
  expect(await taken(file)).toBe('in');
});

test('lets one in at a time also when all find the same dead holder', async () => {
  const file = path.join(directory, 'lock');
  const { pid } = spawnSync('/bin/sh', ['-c', 'exit 0']);
  await writeFile(file, String(pid));
  let inside = 0;
  const work = async (): Promise<number> => {
    inside++;
    for (let turn = 0; turn < 20; turn++) await readdir(directory);
    return inside--;
  };
  const waiters = Array.from({ length: 3 }, async () => await withFileLock(file, work, () => undefined));
  expect(await Promise.all(waiters)).toEqual([1, 1, 1]);
  expect(await readdir(directory)).toEqual([]);
});

test('says whom to end when a holder goes on for too long', async () => {
  const file = path.join(directory, 'lock');
  const sentence = new SetupError(`process ${process.pid} has held ${file} for 0 minutes: end it and try again`);
  const second = async (): Promise<void> => {
    await expect(
      withFileLock(
        file,
        async () => undefined,
        () => undefined,
        { waitAtMostMs: 0 },
      ),
    ).rejects.toThrow(sentence);
  };
  await withFileLock(file, second, () => undefined);
  expect(await readdir(directory)).toEqual([]);
});

test('is released when the work fails', async () => {
  const file = path.join(directory, 'lock');
  const failing = async (): Promise<never> => {
    throw new Error('no compiler');
  };
  await expect(withFileLock(file, failing, () => undefined)).rejects.toThrow('no compiler');
  expect(await readdir(directory)).toEqual([]);
});
