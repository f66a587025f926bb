// What the tests on a whole cluster run on where the machine could have a node of its own but for a program to install: for a person at
// a terminal a reason to skip, for a gate a failure. The real command, on a machine that seems to have no apt and no Docker engine.

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enclosureObstacle } from '../../../dev/node/enclosure/enclosure.ts';

const COMMAND = path.resolve(import.meta.dirname, '../../../dev/e2e-set-up.ts');
const obstacle = await enclosureObstacle();

describe.skipIf(obstacle !== undefined)('setting up where apt is missing', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'studio-set-up-'));
    for (const program of ['unshare', 'mount', 'ip']) await symlink(pathOf(program), path.join(directory, program));
  });

  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  const setUp = (env: Readonly<Record<string, string>>) =>
    spawnSync(process.execPath, [COMMAND], {
      env: { PATH: directory, XDG_CACHE_HOME: directory, DOCKER_HOST: 'unix:///nonexistent', ...env },
      encoding: 'utf8',
    });

  it('says why they are skipped', () => {
    const { status, stderr } = setUp({});
    expect(stderr).toMatch(/tests run on nothing: containerd, .* can only be fetched where apt-get and dpkg-deb are/);
    expect(status).toBe(0);
  });

  it('fails where CI is set', () => {
    const { status, stderr } = setUp({ CI: '1' });
    expect(stderr).toMatch(/^containerd, .* can only be fetched where apt-get and dpkg-deb are, on Debian or Ubuntu$/m);
    expect(status).toBe(2);
  });
});

const pathOf = (program: string): string => spawnSync('/bin/sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim();
