// The file that other terminals source: what a real shell reads from it, and what we read back.

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readEnvFile, writeEnvFile } from '../../../dev/env-file.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'studio-env-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

const VARIABLES = { URL: 'postgresql://u:p@h:1/d?a=$HOME', QUOTED: `it's "so"` };

test('a shell that sources the file has the variables as they were, and the tools first on its PATH', async () => {
  const file = path.join(directory, 'env');
  await writeEnvFile(VARIABLES, '/my tools', file);
  const script = `. "$0"; printf '%s\\n' "$URL" "$QUOTED" "$PATH"`;
  const { stdout } = spawnSync('/bin/sh', ['-c', script, file], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } });
  expect(stdout).toBe(`${VARIABLES.URL}\n${VARIABLES.QUOTED}\n/my tools:/usr/bin:/bin\n`);
});

test('the variables can be read back, without the PATH', async () => {
  const file = path.join(directory, 'env');
  await writeEnvFile(VARIABLES, '/my tools', file);
  expect(await readEnvFile(file)).toEqual(VARIABLES);
});

test('nobody else can read the passwords in it', async () => {
  const file = path.join(directory, 'env');
  await writeEnvFile(VARIABLES, '/my tools', file);
  expect((await stat(file)).mode & 0o077).toBe(0);
});

test('no file is no error', async () => {
  expect(await readEnvFile(path.join(directory, 'none'))).toBeUndefined();
});
