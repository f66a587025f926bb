// What the gate says at its end, and with which status: a part that did not run must never read as one that passed. Its npm is a script
// here, because the real one takes half an hour.

import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const GATE = path.resolve(import.meta.dirname, '../../../.ci');
const PASSED = 'printf "      Tests  5 passed (5)\\n"';
const SKIPPED =
  'printf "The tests on a whole cluster are skipped: a node of its own needs root (namespaces), and no Docker engine answers.\\n\\n      Tests  1 skipped (1)\\n" >&2';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'studio-ci-'));
  await cp(GATE, path.join(directory, '.ci'), { recursive: true });
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** The last lines and the status when `npm run test` and `npm run test:e2e` are these shell commands. */
const gate = async (test: string, e2e: string) => {
  const cases = `case "$*" in *check) true ;; *test:e2e*) ${e2e} ;; *) ${test} ;; esac`;
  await writeFile(path.join(directory, 'npm'), `#!/bin/sh\n${cases}\n`, { mode: 0o755 });
  const env = { PATH: `${directory}:${process.env['PATH']}`, TMPDIR: directory };
  const { stdout, status } = spawnSync('bash', [path.join(directory, '.ci/run')], { env, encoding: 'utf8' });
  return { status, lines: stdout.trim().split('\n').slice(-6) };
};

describe('the gate', { skip: process.platform === 'win32' }, () => {
  it('says of the whole cluster that it was skipped, and why', async () => {
    const { status, lines } = await gate(PASSED, SKIPPED);
    expect(lines).toContain('tests on a whole cluster: skipped (a node of its own needs root (namespaces), and no Docker engine answers)');
    expect(lines.at(-1)).toBe('5 passed, 0 failed, 1 skipped');
    expect(status).toBe(0);
  });

  it('says that it passed when it ran, and adds up', async () => {
    const { status, lines } = await gate(PASSED, PASSED);
    expect(lines).toContain('tests on a whole cluster: passed');
    expect(lines.at(-1)).toBe('10 passed, 0 failed, 0 skipped');
    expect(status).toBe(0);
  });

  it('fails as it failed', async () => {
    const { status, lines } = await gate(PASSED, 'exit 2');
    expect(lines).toContain('tests on a whole cluster: failed (2)');
    expect(status).toBe(2);
  });
});
