// That nothing we start outlives us, and that a program's end is told as it was.

import { spawn } from 'node:child_process';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startGuarded } from '../../../dev/guarded-process.ts';
import { eventually } from '../../support/eventually.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'studio-guard-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const shell = (script: string, options: Partial<Parameters<typeof startGuarded>[0]> = {}) =>
  startGuarded({ command: '/bin/sh', args: ['-c', script], ...options });

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const exists = async (file: string): Promise<boolean> =>
  await access(file).then(
    () => true,
    () => false,
  );

describe('a guarded process', () => {
  test('ends as its program ends', async () => {
    expect(await shell('exit 7').ended).toBe(7);
  });

  test('hands over what the program prints', async () => {
    const running = shell('echo hello');
    expect(await text(running.stdout as NodeJS.ReadStream)).toBe('hello\n');
  });

  test('is asked to end, and its program may clean up', async () => {
    const running = shell(`trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done`, { signal: 'TERM' });
    await new Promise((resolve) => running.stdout.once('data', resolve)); // the trap is set
    const output = text(running.stdout as NodeJS.ReadStream);
    await running.stop();
    expect(await running.ended).toBe(3);
    expect(await output).toBe('bye\n');
  });

  test('is killed when it does not end in time', async () => {
    const running = shell(`trap '' INT; while :; do sleep 0.05; done`);
    const pid = await running.pid;
    await running.stop(200);
    expect(isAlive(pid)).toBe(false);
  });

  test('has its directory removed when it was told to end, but not when it ended by itself', async () => {
    const scratch = path.join(directory, 'scratch');
    await mkdir(scratch);
    await shell('exit 1', { removeAfter: scratch }).ended;
    expect(await exists(scratch)).toBe(true);
    await shell('while :; do sleep 0.05; done', { removeAfter: scratch, signal: 'TERM' }).stop();
    expect(await exists(scratch)).toBe(false);
  });

  test('goes with its parent, killed without a word, and takes its directory along', async () => {
    const scratch = path.join(directory, 'scratch');
    const script = path.join(directory, 'parent.ts');
    await mkdir(scratch);
    const module = path.resolve(import.meta.dirname, '../../../dev/guarded-process.ts');
    await writeFile(
      script,
      `import { startGuarded } from ${JSON.stringify(module)};
       const running = startGuarded({ command: '/bin/sh', args: ['-c', 'while :; do sleep 0.05; done'], signal: 'TERM', removeAfter: ${JSON.stringify(scratch)} });
       console.log(await running.pid);`,
    );
    const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString()))));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await eventually(async () => !isAlive(pid) && !(await exists(scratch)), { timeoutMs: 15_000 });
  });
});
