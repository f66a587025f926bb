// What a process costs, from /proc. Linux alone has it; elsewhere these numbers are left out rather than guessed.

import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';

export interface ProcessUsage {
  /** User and system time of all its threads, those that have ended included. */
  readonly cpuSeconds: number;
  readonly rssMegabytes: number;
  readonly peakRssMegabytes: number;
}

/** Undefined where there is no /proc. */
export const processUsage = async (pid: number): Promise<ProcessUsage | undefined> => {
  if (process.platform !== 'linux') return undefined;
  const [stat, status] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile(`/proc/${pid}/status`, 'utf8')]);
  return {
    cpuSeconds: cpuTicks(stat) / ticksPerSecond(),
    rssMegabytes: megabytes(status, 'VmRSS'),
    peakRssMegabytes: megabytes(status, 'VmHWM'),
  };
};

/** Fields 14 and 15 of proc(5): utime and stime. The second field, the name, may hold spaces and brackets. */
export const cpuTicks = (stat: string): number => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
};

const ticksPerSecond = (): number => Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout) || 100;

/** The kernel says kB and means 1024 bytes. */
export const megabytes = (status: string, field: string): number => {
  const kibibytes = Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  return Math.round((kibibytes * 1024) / 1e6);
};
