// Packages of Debian unpacked into a cache, with the real apt-get and a program that needs libraries of its own.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasApt } from '../../../dev/debian/apt.ts';
import { debianRootFileSystem, unpackedDebianPackages } from '../../../dev/debian-packages.ts';
import { SetupError } from '../../../dev/setup-error.ts';

describe.runIf(hasApt())('packages of Debian', { timeout: 300_000 }, () => {
  let cache: string;
  const before = { XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'], PATH: process.env['PATH'] };

  beforeAll(async () => {
    cache = await mkdtemp(path.join(os.tmpdir(), 'studio-debian-'));
    process.env['XDG_CACHE_HOME'] = cache;
  });

  afterAll(async () => {
    if (before.XDG_CACHE_HOME === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = before.XDG_CACHE_HOME;
    await rm(cache, { recursive: true, force: true });
  });

  it('run from the cache with the libraries that they need, but with the C library of the system', async () => {
    const { root, env, program } = await unpackedDebianPackages(['jq']);
    expect(root.startsWith(cache)).toBe(true);
    expect(execFileSync(program('jq'), ['.a'], { env, input: '{"a": 42}', encoding: 'utf8' })).toBe('42\n');
    const libraries = (await readdir(root, { recursive: true })).map((file) => path.basename(file));
    expect(libraries.filter((name) => name.startsWith('libonig.so'))).not.toEqual([]);
    expect(libraries.filter((name) => name.startsWith('libc.so'))).toEqual([]);
  });

  it('are fetched once: the second time needs no apt', async () => {
    const first = await unpackedDebianPackages(['jq']);
    process.env['PATH'] = '/nonexistent';
    try {
      expect((await unpackedDebianPackages(['jq'])).root).toBe(first.root);
      await expect(unpackedDebianPackages(['sed'])).rejects.toThrow(
        new SetupError('sed can only be fetched where apt-get and dpkg-deb are, on Debian or Ubuntu'),
      );
    } finally {
      process.env['PATH'] = before.PATH;
    }
  });

  it('that do not exist leave nothing half-done, and are named', async () => {
    await expect(unpackedDebianPackages(['no-such-package-of-debian'])).rejects.toThrow(/no-such-package-of-debian/);
    expect((await readdir(path.join(cache, 'studio-operator/debian'))).filter((name) => name.startsWith('no-such'))).toEqual([]);
  });

  it('are looked for in new lists after a fault of the network, not in those that it cut short', async () => {
    const configuration = path.join(cache, 'unreachable.conf');
    const list = path.join(cache, 'unreachable.list');
    await writeFile(list, 'deb [trusted=yes] http://127.0.0.1:1/debian stable main\n');
    await writeFile(configuration, `Dir::Etc::sourcelist "${list}";\nDir::Etc::sourceparts "/dev/null";\nAcquire::Retries "0";\n`);
    const own = path.join(cache, 'fault');
    process.env['XDG_CACHE_HOME'] = own;
    process.env['APT_CONFIG'] = configuration;
    try {
      await expect(unpackedDebianPackages(['jq'])).rejects.toThrow(/Failed to fetch/);
      delete process.env['APT_CONFIG'];
      expect(existsSync((await unpackedDebianPackages(['jq'])).program('jq'))).toBe(true);
    } finally {
      delete process.env['APT_CONFIG'];
      process.env['XDG_CACHE_HOME'] = cache;
    }
  });

  it('say which program they lack', async () => {
    const { program } = await unpackedDebianPackages(['jq']);
    expect(() => program('yq')).toThrow(/no program yq/);
  });

  it('make a root file system from the C library up, or of themselves alone', async () => {
    expect(existsSync(path.join(await debianRootFileSystem(['jq'], 'all'), 'lib64'))).toBe(true);
    const alone = await debianRootFileSystem(['jq'], 'none');
    expect((await readdir(alone, { recursive: true })).filter((file) => file.includes('libonig'))).toEqual([]);
    expect(existsSync(path.join(alone, 'usr/bin/jq'))).toBe(true);
  });
});
