// Where the hierarchies of control groups are mounted: one per controller in version 1, one for all in version 2, or both at once.
// Separate because what makes the groups and what looks for forgotten ones must look at the same places.

import { readFile } from 'node:fs/promises';

/** Absolute paths below /sys/fs/cgroup, as this process may write to them. */
export const cgroupMounts = async (): Promise<readonly string[]> => {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).trim().split('\n');
  return lines.flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , , mountPoint = '', options = ''] = before.split(' ');
    const isOne = /^cgroup2? /.test(after) && mountPoint.startsWith('/sys/fs/cgroup') && options.split(',').includes('rw');
    return isOne ? [mountPoint] : [];
  });
};
