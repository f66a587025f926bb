// A command in an enclosure: process, mount, network and IPC namespaces of its own, and control groups of its own. What it starts cannot
// leave, cannot reach any network, and is gone with it. Separate from what the node does inside: this part alone keeps the promise that
// nothing is left behind, whichever way the run ends.

import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import path from 'node:path';
import { cgroupMounts } from './cgroup-mounts.ts';

export interface EnclosureOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Ends everything inside at once. */
  readonly signal?: AbortSignal;
  /** Called as soon as the enclosure has a name. */
  readonly onName?: (name: string) => void;
  /** Where its standard output goes. Default: ours. */
  readonly output?: 'inherit' | 'ignore';
}

export interface Outcome {
  readonly name: string;
  /** Of the command; 128 + n after signal n. */
  readonly code: number;
}

/** Name of the variable by which programs inside know the enclosure, and others know them. */
export const NAME_VARIABLE = 'STUDIO_ENCLOSURE';
const GUARD = path.join(import.meta.dirname, 'guard.sh');
const INSIDE = path.join(import.meta.dirname, 'inside.ts');

/** Runs a program inside and resolves when it, and all it has started, is gone. Needs root and Linux. */
export const runEnclosed = async (options: EnclosureOptions): Promise<Outcome> => {
  const name = `studio-node-${randomBytes(4).toString('hex')}`;
  options.onName?.(name);
  const groups = (await cgroupMounts()).map((mount) => path.join(mount, name));
  const output = options.output ?? 'inherit';
  const child = spawn('/bin/sh', [GUARD, groups.join(' '), process.execPath, INSIDE, options.command, ...options.args], {
    // A session of its own: Ctrl-C in the terminal reaches us alone, and the guard goes on until all is cleaned up.
    detached: true,
    stdio: ['pipe', output, output],
    env: { ...(options.env ?? process.env), [NAME_VARIABLE]: name },
  });
  const stdin = child.stdin;
  stdin?.on('error', () => undefined); // EPIPE: the guard is gone, its exit tells
  const end = (): void => void stdin?.end();
  options.signal?.addEventListener('abort', end, { once: true });
  if (options.signal?.aborted === true) end();
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signal) => resolve(status ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
  end();
  return { name, code };
};

/** What stands in the way of an enclosure on this machine, as a sentence; undefined when nothing does. */
export const enclosureObstacle = async (): Promise<string | undefined> => {
  if (process.platform !== 'linux') return `a node of its own needs Linux, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'a node of its own needs root (namespaces, mounts and control groups)';
  if ((await cgroupMounts()).length === 0) return 'no control groups are mounted at /sys/fs/cgroup';
  const capabilities = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? '0'}`);
  const missing = Object.entries(CAPABILITIES).filter(([, bit]) => (capabilities & (1n << bit)) === 0n);
  if (missing.length > 0) return `root lacks ${missing.map(([capability]) => capability).join(' and ')} here`;
  const absent = PROGRAMS.filter((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error !== undefined);
  return absent.length === 0 ? undefined : `there is no ${absent.join(' and no ')} here (Debian: util-linux, mount, iproute2)`;
};

const PROGRAMS = ['unshare', 'mount', 'ip'];
/** From linux/capability.h. */
const CAPABILITIES = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n } as const;
