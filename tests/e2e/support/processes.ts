// Processes of the node as the kernel sees them: what a container's really may do, and which ones a node loses with its power. Only where
// the node is ours; inside its enclosure there are no other processes.

import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { PROCESS_IDS } from '../../../dev/node/names.ts';

export interface ContainerProcess {
  readonly pid: number;
  readonly command: string;
  readonly uid: number;
  /** Effective capabilities, as a mask. */
  readonly capabilities: bigint;
  /** 2: system calls are filtered. */
  readonly seccomp: number;
  readonly noNewPrivileges: boolean;
  readonly rootIsReadOnly: boolean;
}

/** Of all containers but the pods' own pause processes. */
export const containerProcesses = async (): Promise<readonly ContainerProcess[]> => {
  const ids = (await readdir('/proc')).filter((id) => /^\d+$/.test(id));
  const found = await Promise.all(ids.map(async (id) => await containerProcess(Number(id)).catch(() => undefined)));
  return found.filter((each) => each !== undefined && !each.command.startsWith('/program')) as readonly ContainerProcess[];
};

/** Undefined for one that is in no pod; rejects for one that has ended. */
const containerProcess = async (pid: number): Promise<ContainerProcess | undefined> => {
  const read = async (file: string): Promise<string> => await readFile(`/proc/${pid}/${file}`, 'utf8');
  if (!(await read('cgroup')).includes('/kubepods/')) return undefined;
  const status = await read('status');
  const field = (name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
  const root = (await read('mountinfo')).split('\n').find((line) => line.split(' ')[4] === '/');
  return {
    pid,
    command: (await read('cmdline')).replaceAll('\0', ' ').trim(),
    uid: Number(field('Uid')),
    capabilities: BigInt(`0x${field('CapEff')}`),
    seccomp: Number(field('Seccomp')),
    noNewPrivileges: field('NoNewPrivs') === '1',
    rootIsReadOnly: root?.split(' ')[5]?.split(',').includes('ro') === true,
  };
};

/** All that runs pods, and all that runs in them, at once and without a word; the supervisor starts the programs again. */
export const cutPower = async (): Promise<number> => {
  const components = await Promise.all(
    ['kubelet', 'kube-proxy', 'containerd'].map(async (name) => Number(await readFile(path.join(PROCESS_IDS, name), 'utf8'))),
  );
  const ids = (await readdir('/proc')).filter((id) => /^\d+$/.test(id)).map(Number);
  const others = await Promise.all(ids.map(async (id) => ((await isOfPods(id).catch(() => false)) ? id : undefined)));
  const doomed = [...components, ...others.filter((id) => id !== undefined)];
  for (const pid of doomed) kill(pid);
  return doomed.length;
};

/** In a pod, or the shim beside one. */
const isOfPods = async (pid: number): Promise<boolean> => {
  const program = await readlink(`/proc/${pid}/exe`);
  return program.includes('containerd-shim') || (await readFile(`/proc/${pid}/cgroup`, 'utf8')).includes('/kubepods/');
};

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};
