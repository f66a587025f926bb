// The file system of an enclosure: the machine's own, with memory in the place of every directory that a node writes to, so that nothing
// it writes outlives it. Separate from the network, which has nothing to do with it.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { system } from './system.ts';

/** Short: paths of sockets end at 108 characters. */
export const WORK = '/run/studio-node';
export const TEMPORARY_FILES = path.join(WORK, 'tmp');

/** Where a node, its runtime and PostgreSQL leave state, whatever their configuration says. */
const EMPTY = ['/run', '/dev/shm'];
/** The same, but what is there can be read: a checkout or a cache may be among it. */
const COVERED = ['/var/lib', '/var/log'];

/**
 * Settings of the kernel that the kubelet insists on and that belong to the whole machine: it finds them as it wants them, in files that
 * stand before the real ones.
 */
const KERNEL_SETTINGS: Readonly<Record<string, string>> = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
};

export const mountAll = (name: string): void => {
  // Mounts of pods travel from one mount namespace to the next inside; none travels outside, because ours is a copy.
  system('mount', '--make-rprivate', '/');
  system('mount', '--make-rshared', '/');
  for (const directory of EMPTY) system('mount', '-t', 'tmpfs', '-o', 'mode=0755', name, directory);
  system('chmod', '1777', '/dev/shm');
  mkdirSync(TEMPORARY_FILES, { recursive: true });
  system('chmod', '1777', TEMPORARY_FILES);
  for (const directory of COVERED) cover(name, directory);
  const settings = path.join(WORK, 'kernel');
  mkdirSync(settings);
  for (const [setting, value] of Object.entries(KERNEL_SETTINGS)) {
    const file = path.join(settings, setting.replaceAll('/', '.'));
    writeFileSync(file, `${value}\n`);
    system('mount', '--bind', file, path.join('/proc/sys', setting));
  }
};

const cover = (name: string, directory: string): void => {
  const [upper, work] = ['written', 'work'].map((part) => path.join(WORK, 'covers', directory, part)) as [string, string];
  for (const each of [upper, work]) mkdirSync(each, { recursive: true });
  system('mount', '-t', 'overlay', '-o', `lowerdir=${directory},upperdir=${upper},workdir=${work}`, name, directory);
};
