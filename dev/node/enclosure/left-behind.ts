// Looks for what an enclosure has left on the machine. By its name, which its control groups, all of its mounts and the environment of its
// processes carry: whatever is in its namespaces is in one of those (their own numbers prove nothing, the kernel gives them out again). By
// comparison for what belongs to the whole machine. Separate from the enclosure, so that nobody takes its own word for it.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
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
const NODE_PROGRAMS: ReadonlySet<string> = new Set(['kubelet', 'containerd', 'dockerd', 'crio', 'k3s-server', 'k3s-agent']);
const RULE_PROGRAMS = [['iptables-save'], ['ip6tables-save'], ['nft', 'list', 'ruleset']] as const;
const SETTINGS = ['vm/overcommit_memory', 'vm/panic_on_oom', 'kernel/panic', 'kernel/panic_on_oops', 'net/ipv4/ip_forward'];

const execute = promisify(execFile);

/** To be compared with itself, later. */
export const machineState = async (directories: readonly string[] = DIRECTORIES): Promise<MachineState> => {
  const user = await ownNode();
  // What a node of the machine's own does to these in the meantime is no trace of ours.
  const unlessUsed = async (look: () => Promise<string>): Promise<string> => (user === undefined ? await look() : `used by ${user}`);
  const settings = SETTINGS.map(
    async (name) => [name, (await readFile(path.join('/proc/sys', name), 'utf8').catch(() => '')).trim()] as const,
  );
  return {
    'network devices': await listing('/sys/class/net'),
    'named network namespaces': existsSync('/run/netns') ? await listing('/run/netns') : '',
    'files below /tmp': (await readdir(os.tmpdir())).filter((name) => name.startsWith('studio-node')).join(' '),
    'rules for packets': await unlessUsed(packetRules),
    ...Object.fromEntries(
      await Promise.all(directories.map(async (each) => [each, await unlessUsed(async () => await contentsOf(each))] as const)),
    ),
    ...Object.fromEntries(await Promise.all(settings)),
  };
};

/** A program of a node that runs on the machine itself, so with the machine's files; undefined when there is none. */
const ownNode = async (): Promise<string | undefined> => {
  const files = await readlink('/proc/self/ns/mnt');
  const programs = (await readdir('/proc'))
    .filter((id) => /^\d+$/.test(id))
    .map(async (id) => {
      const program = (await readFile(`/proc/${id}/comm`, 'utf8').catch(() => '')).trim();
      const isHere = NODE_PROGRAMS.has(program) && (await readlink(`/proc/${id}/ns/mnt`).catch(() => '')) === files;
      return isHere ? program : undefined;
    });
  return (await Promise.all(programs)).filter((program) => program !== undefined).toSorted()[0];
};

/** A name for all that lies in it, at which depth and since when: such a directory is the machine's own where it has a node. */
const contentsOf = async (directory: string): Promise<string> => {
  if (!existsSync(directory)) return 'absent';
  const names = (await readdir(directory, { recursive: true })).toSorted();
  const entries = await Promise.all(
    ['.', ...names].map(async (name) => {
      const file = path.join(directory, name);
      // It may end between the two looks; then it is no trace.
      const stat = await lstat(file).catch(() => undefined);
      return stat === undefined ? '' : `${name} ${stat.mode} ${stat.size} ${stat.mtimeMs}`;
    }),
  );
  return `${names.length} files (${digest(entries.join('\n'))})`;
};

/** What the machine filters and rewrites, by whichever program of the two it has; counters of packets are no trace. */
const packetRules = async (): Promise<string> => {
  const said = await Promise.all(
    RULE_PROGRAMS.map(async ([command, ...args]) => {
      const { stdout } = await execute(command, args).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return { stdout: '' };
        return { stdout: `${command} failed` };
      });
      return stdout.replaceAll(/^#.*$|\[\d+:\d+\]|counter packets \d+ bytes \d+/gm, '');
    }),
  );
  return `${said.join('').split('\n').length} lines (${digest(said.join('\n'))})`;
};

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

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
      `${Object.keys(before).length} things of the machine before and after (network devices, named network namespaces, rules for packets, what is in ${DIRECTORIES.length} directories, ${SETTINGS.length} kernel settings)`,
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
