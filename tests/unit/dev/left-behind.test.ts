// What is compared of a machine before and after a node ran on it: a directory that was there before is one in which something can be left.

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { machineState } from '../../../dev/node/enclosure/left-behind.ts';

describe.runIf(process.platform === 'linux')('the state of a machine', () => {
  const search = process.env['PATH'];
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'studio-machine-'));
    await mkdir(path.join(directory, 'cni/net.d'), { recursive: true });
    await writeFile(path.join(directory, 'cni/net.d/own.conf'), 'own');
    await symlink('/bin/cat', path.join(directory, 'cat'));
    process.env['PATH'] = directory;
    await ruleset('table inet own { counter packets 1 bytes 60 }');
  });

  afterEach(async () => {
    process.env['PATH'] = search;
    await rm(directory, { recursive: true });
  });

  const ruleset = async (rules: string): Promise<void> => {
    await writeFile(path.join(directory, 'rules'), `${rules}\n`);
    await writeFile(path.join(directory, 'nft'), '#!/bin/sh\nexec cat "${0%/*}/rules"\n', { mode: 0o755 });
  };
  const state = async () => await machineState([path.join(directory, 'cni')]);

  it('is the same as long as nothing but counters changes', async () => {
    const before = await state();
    await ruleset('table inet own { counter packets 7 bytes 420 }');
    expect(await state()).toEqual(before);
  });

  it('is another with a file more in a directory that was there, however deep', async () => {
    const before = await state();
    await writeFile(path.join(directory, 'cni/net.d/10-bridge.conflist'), '{}');
    expect(await state()).not.toEqual(before);
  });

  it('is another when a file that was there was written', async () => {
    const before = await state();
    await writeFile(path.join(directory, 'cni/net.d/own.conf'), 'changed');
    expect(await state()).not.toEqual(before);
  });

  it('is another with a rule more for packets', async () => {
    const before = await state();
    await ruleset('table inet own { counter packets 1 bytes 60 }\ntable ip kube-proxy { }');
    expect(await state()).not.toEqual(before);
  });
});
