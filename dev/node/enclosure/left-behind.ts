// Looks for what an enclosure has left on the machine. By its name, which its control groups, all of its mounts and the environment of its
// processes carry: whatever is in its namespaces is in one of those (their own numbers prove nothing, the kernel gives them out again). By
// comparison for what belongs to the whole machine. Separate from the enclosure, so that nobody takes its own word for it.

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { cgroupMounts } from './cgroup-mounts.ts';
import { NAME_VARIABLE, type Outcome } from './enclosure.ts';

/** What a node would change if it were not enclosed. */
export type MachineState = Readonly<Record<string, string>>;

export interface Left {
  /** One sentence each; none is what should be. */
  readonly findings: readonly string[];
  /** What was looked at, and how much of it. */
  readonly looked: readonly string[];
}

const DIRECTORIES = [
  '/var/lib/kubelet',
  '/var/lib/containerd',
  '/var/lib/cni',
  '/var/log/pods',
  '/var/log/containers',
  '/etc/cni',
  '/opt/cni',
  '/opt/containerd',
  '/run/containerd',
  '/run/studio-node',
];
const SETTINGS = ['vm/overcommit_memory', 'vm/panic_on_oom', 'kernel/panic', 'kernel/panic_on_oops', 'net/ipv4/ip_forward'];

/** To be compared with itself, later. */
export const machineState = async (): Promise<MachineState> => {
  const settings = SETTINGS.map(
    async (name) => [name, (await readFile(path.join('/proc/sys', name), 'utf8').catch(() => '')).trim()] as const,
  );
  return {
    'network devices': await listing('/sys/class/net'),
    'named network namespaces': existsSync('/run/netns') ? await listing('/run/netns') : '',
    'files below /tmp': (await readdir(os.tmpdir())).filter((name) => name.startsWith('studio-node')).join(' '),
    ...Object.fromEntries(DIRECTORIES.map((directory) => [directory, existsSync(directory) ? 'there' : 'absent'])),
    ...Object.fromEntries(await Promise.all(settings)),
  };
};

const listing = async (directory: string): Promise<string> => (await readdir(directory)).toSorted().join(' ');

export const whatWasLeft = async ({ name }: Pick<Outcome, 'name'>, before: MachineState): Promise<Left> => {
  const ids = (await readdir('/proc')).filter((id) => /^\d+$/.test(id) && id !== String(process.pid));
  const processes = (await Promise.all(ids.map(async (id) => await traceIn(id, name)))).filter((found) => found !== undefined);
  const groups = (await cgroupMounts()).map((mount) => path.join(mount, name));
  const after = await machineState();
  const changed = Object.entries(before).filter(([what, value]) => after[what] !== value);
  return {
    findings: [
      ...processes,
      ...groups.filter((group) => existsSync(group)).map((group) => `the control group ${group}`),
      ...changed.map(([what, value]) => `${what}: "${value}" before, "${after[what]}" after`),
    ],
    looked: [
      `${ids.length} processes (environment, control groups, mounts)`,
      `${groups.length} hierarchies of control groups`,
      `${Object.keys(before).length} things of the machine before and after (network devices, named network namespaces, ${DIRECTORIES.length} directories, ${SETTINGS.length} kernel settings)`,
    ],
  };
};

/** What of the enclosure is in a process of the machine; undefined when nothing is, or it has just ended. */
const traceIn = async (id: string, name: string): Promise<string | undefined> => {
  const read = async (file: string): Promise<string> => await readFile(`/proc/${id}/${file}`, 'utf8').catch(() => '');
  const traces = [
    (await read('environ')).includes(`${NAME_VARIABLE}=${name}`) ? 'its environment' : '',
    (await read('cgroup')).includes(name) ? 'its control groups' : '',
    (await read('mountinfo')).includes(name) ? 'its mounts' : '',
  ].filter((trace) => trace !== '');
  return traces.length === 0 ? undefined : `process ${id} (${(await read('comm')).trim()}): ${traces.join(', ')}`;
};
