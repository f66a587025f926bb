// The demo as somebody runs it without a terminal: the whole product on servers of its own, and nothing left running after it.

import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from '../../dev/run.ts';
import { eventually } from '../support/eventually.ts';

const TIMEOUT_MS = 280_000;

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** `onOutput` sees what has been written so far. */
const demo = async (args: readonly string[], onOutput: (output: string, pid: number) => void = () => undefined): Promise<Ended> => {
  const child = spawn(process.execPath, ['dev/demo/main.ts', ...args], { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      onOutput(output, child.pid ?? 0);
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
};

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** In ticks since the machine started: a process id alone may soon be another process. */
  readonly startedAt: string;
}

/** Fields 4 and 22 of proc(5) stat; the name before them may hold anything. */
const runningProcesses = async (): Promise<readonly Process[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = await Promise.all(pids.map(async (pid) => await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return stats.flatMap((stat, index) => {
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return stat === '' ? [] : [{ pid: pids[index] ?? 0, parent: Number(fields[1]), startedAt: fields[19] ?? '' }];
  });
};

const descendants = (all: readonly Process[], ancestor: number): readonly Process[] => {
  const children = all.filter(({ parent }) => parent === ancestor);
  return [children, ...children.map(({ pid }) => descendants(all, pid))].flat();
};

describe('npm run demo', () => {
  it('brings every sample to its end, every expectation holds, and it ends with 0', { timeout: TIMEOUT_MS }, async () => {
    const { code, output } = await demo(['--once']);
    expect(output.split('\n').filter((line) => line.startsWith('  FAIL'))).toEqual([]);
    expect(output).toMatch(/first tenant Ready after \d+\.\d s/);
    expect(output).toMatch(/all settled after \d+\.\d s/);
    expect(output).toMatch(/\$ curl -i http:\/\/my-studio\.platform\.localhost:\d+\/sessions\n {2}HTTP 200 /);
    for (const status of [201, 403, 404, 410, 503]) expect(output).toContain(`  HTTP ${status} `);
    expect(output.split('\n').filter((line) => line.length > 120)).toEqual([]);
    expect({ code, output }).toMatchObject({ code: 0 });
  });

  it.runIf(process.platform === 'linux')(
    'leaves nothing running when it is interrupted in the middle',
    { timeout: TIMEOUT_MS },
    async () => {
      let started: Promise<readonly Process[]> | undefined;
      const { code, output } = await demo(['--once'], (text, pid) => {
        if (started !== undefined || !text.includes('until each has come to its end')) return;
        started = runningProcesses().then((all) => descendants(all, pid));
        void started.finally(() => process.kill(pid, 'SIGINT'));
      });
      expect({ code, output }).toMatchObject({ code: 130 });
      const ours = (await started) ?? [];
      // PostgreSQL alone has several, and each server has its guard.
      expect(ours.length).toBeGreaterThan(5);
      await eventually(async () => {
        const alive = new Set((await runningProcesses()).map(({ pid, startedAt }) => `${pid} ${startedAt}`));
        return ours.every(({ pid, startedAt }) => !alive.has(`${pid} ${startedAt}`));
      });
    },
  );

  it('says what is wrong with its command line before it starts anything', async () => {
    const { code, output } = await demo(['--context', 'somewhere']);
    expect(code).toBe(2);
    expect(output).toContain('--context needs --image NAME');
  });
});
