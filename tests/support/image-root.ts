// Runs a command of the image the way a strict cluster would, without a container engine: its root file system read-only, a user that
// is not root, no new privileges, nothing of this machine but the network. Takes root on Linux, for the namespaces.

import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { hasApt } from '../../dev/debian/apt.ts';
import { describeArchive, unpackArchive } from '../../dev/image/archive-reader.ts';
import type { BuiltImage } from '../../dev/image/build-image.ts';
import { eventually } from './eventually.ts';

/** Why images cannot be built and run here; undefined when they can. */
export const imageObstacle = (): string | undefined => {
  if (process.platform !== 'linux') return 'only Linux runs it';
  if (process.getuid?.() !== 0) return 'namespaces take root';
  return hasApt() ? undefined : 'its base is made of packages of Debian';
};

export interface ImageRoot {
  /** The unpacked image. */
  readonly directory: string;
  /** Starts the command with the image's environment and what is given. */
  start(command: readonly string[], env?: Readonly<Record<string, string>>): ImageProcess;
}

export interface ImageProcess {
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  /** Sends it to the command itself, which is process 1 of its namespace. */
  signal(name: NodeJS.Signals): Promise<void>;
  /** What the kernel says of the command: the lines of /proc/PID/status. */
  status(): Promise<Readonly<Record<string, string>>>;
  kill(): void;
}

// $1: root, $2: working directory, $3 and $4: user and group, then the command. Folders for mounts are made by whoever runs a container.
const CONTAIN = `
set -e
root=$1; directory=$2; user=$3; group=$4; shift 4
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero random urandom; do : >"$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
exec setpriv --no-new-privs unshare --root="$root" --wd="$directory" --setgid="$group" --setuid="$user" "$@"
`;

/** Unpacks the image into the directory. */
export const imageRoot = async (image: BuiltImage, directory: string): Promise<ImageRoot> => {
  await unpackArchive(image.archive, directory);
  const { config } = (await describeArchive(image.archive)).config;
  await Promise.all(['proc', 'dev'].map(async (each) => await mkdir(path.join(directory, each))));
  const own = Object.fromEntries((config.Env ?? []).map((each) => each.split(/=(.*)/s).slice(0, 2)));
  const user = (config.User ?? '0:0').split(':');
  const start: ImageRoot['start'] = (command, env = {}) => {
    const namespaces = ['unshare', '--mount', '--pid', '--fork', '--kill-child'];
    const all = [
      '--pdeathsig',
      'KILL',
      ...namespaces,
      '/bin/sh',
      '-c',
      CONTAIN,
      'contain',
      directory,
      config.WorkingDir ?? '/',
      ...user,
      ...command,
    ];
    // The programs around it find themselves by our PATH; the command by the image's, which unshare looks it up with.
    const child = spawn('/usr/bin/setpriv', all, {
      env: { ...own, ...env, PATH: `${own['PATH']}:/usr/sbin:/sbin` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const code = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
    const inner = async (): Promise<number> => {
      const found = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
      const pid = Number(found.trim());
      if (!(pid > 0)) throw new Error('the command is not there');
      return pid;
    };
    return {
      ended: Promise.all([code, text(child.stdout), text(child.stderr)]).then(([ended, stdout, stderr]) => ({
        code: ended,
        stdout,
        stderr,
      })),
      signal: async (name) => void process.kill(await eventually(inner), name),
      status: async () => statusOf(await readFile(`/proc/${await eventually(inner)}/status`, 'utf8')),
      kill: () => void child.kill('SIGKILL'),
    };
  };
  return { directory, start };
};

const statusOf = (content: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...content.matchAll(/^(\w+):\s*(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
