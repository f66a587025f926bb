/** What an enclosure promises to the machine it runs on: whatever happens inside it or to whoever runs it, nothing is left behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { GROUND_VARIABLE, type Ground } from '../../dev/e2e/set-up.ts';
import { runEnclosed } from '../../dev/node/enclosure/enclosure.ts';
import { machineState, whatWasLeft } from '../../dev/node/enclosure/left-behind.ts';
import { REPOSITORY } from '../../dev/run.ts';
import { eventually } from '../support/eventually.ts';

const inside = (script: string) => ({ command: '/bin/sh', args: ['-c', script] });

describe('an enclosure', () => {
  it('ends as its command ends, with a child that would have gone on, its mounts and what it wrote', async () => {
    const before = await machineState();
    const script =
      'mkdir /run/m /var/lib/kubelet && mount -t tmpfs none /run/m && setsid sleep 1000 & sleep 1; ip link add left type bridge; exit 7';
    const outcome = await runEnclosed(inside(script));
    expect(outcome.code).toBe(7);
    expect((await whatWasLeft(outcome, before)).findings).toEqual([]);
  });

  it('has no way out', async () => {
    // ::1 and link-local addresses need no route to anywhere; an `ip` that fails says nothing about routes.
    const script = 'set -e; v4=$(ip -4 -o route show); v6=$(ip -6 -o route show default); [ -z "$v4$v6" ] || exit 3';
    expect((await runEnclosed(inside(script))).code).toBe(0);
    const opened = 'ip link add out type bridge; ip link set out up; ip route add default dev out';
    expect((await runEnclosed(inside(`${opened}; ${script}`))).code).toBe(3);
  });

  it('is found by who looks for it while it is there', async () => {
    const before = await machineState();
    const ending = new AbortController();
    let name = '';
    const running = runEnclosed({ ...inside('sleep 1000'), signal: ending.signal, onName: (given) => (name = given) });
    const { findings } = await eventually(async () => {
      const left = await whatWasLeft({ name }, before);
      return left.findings.some((finding) => finding.includes('sleep')) ? left : undefined;
    });
    expect(findings.join('\n')).toMatch(/process \d+ \(sleep\): its environment, its control groups, its mounts/);
    expect(findings.join('\n')).toMatch(/the control group \/sys\/fs\/cgroup\//);
    ending.abort();
    expect((await whatWasLeft(await running, before)).findings).toEqual([]);
  });

  it('with a whole node in it goes without a trace when its runner is killed', async () => {
    const before = await machineState();
    const runner = spawn(process.execPath, ['tests/e2e/support/run-node.ts'], { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    runner.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    const name = await eventually(() => /^running in (\S+)$/m.exec(said)?.[1], { timeoutMs: 170_000 });
    expect((await programsOf(name)).toSorted()).toEqual(expect.arrayContaining(['containerd', 'etcd', 'kubelet', 'program']));

    runner.kill('SIGKILL');
    await once(runner, 'exit');
    await eventually(
      async () => {
        expect((await whatWasLeft({ name }, before)).findings).toEqual([]);
        return true;
      },
      { timeoutMs: 30_000 },
    );
  });

  it('is only ever made where it can be', () => {
    expect((JSON.parse(process.env[GROUND_VARIABLE] ?? '{}') as Ground).kind).toBe('node');
  });
});

/** Names of what runs in it, versions cut off. */
const programsOf = async (name: string): Promise<readonly string[]> => {
  const ids = (await readdir('/proc')).filter((id) => /^\d+$/.test(id));
  const found = ids.map(async (id) => {
    const groups = await readFile(`/proc/${id}/cgroup`, 'utf8').catch(() => '');
    if (!groups.includes(name)) return [];
    const program = (await readFile(`/proc/${id}/comm`, 'utf8').catch(() => '')).trim();
    return [/^(?:etcd|kubelet)/.exec(program)?.[0] ?? program];
  });
  return (await Promise.all(found)).flat();
};
