// The image without an engine and without a registry: the same Dockerfile, built by Debian's buildah on bases made here. Separate from
// what the bases hold. It runs in namespaces of its own, so that neither a process nor a mount nor a file of it can stay behind.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheDirectory } from '../cache-directory.ts';
import { unpackedDebianPackages, type UnpackedPackages } from '../debian-packages.ts';
import { REPOSITORY } from '../run.ts';
import { scratchDirectory } from '../scratch-directory.ts';
import { SetupError } from '../setup-error.ts';
import { keyOfBases, nodeBase, runtimeBase, type Base } from './bases.ts';
import type { ImageBuild } from './build-image.ts';
import { NPM_ACCESS_MOUNT, writeNpmAccess } from './npm-access.ts';

/** So many images and steps are kept for the next build; with more, it begins from nothing. */
const MAX_KEPT = 100;
/** Of one command; a build with an empty cache takes some minutes, most of them npm's. A registry that hangs must not hold us up. */
const TIMEOUT_MS = 1_800_000;
const OVERLAYFS_MAGIC = 0x79_4c_76_30;

/** Throws SetupError where it cannot work: it takes root, and Debian's packages. */
export const buildWithBuildah = async ({ reference, buildArguments, output }: ImageBuild): Promise<void> => {
  requireRoot();
  const packages = await unpackedDebianPackages(['buildah']);
  const scratch = await scratchDirectory('studio-image-');
  try {
    const storage = await storageDirectory();
    const buildah = await prepare(packages, storage, scratch.path);
    const bases = await addBases(buildah, storage, scratch.path);
    const access = path.join(scratch.path, 'npm');
    await writeNpmAccess(access);
    const flags = Object.entries({ ...bases, ...buildArguments }).map(([name, value]) => `--build-arg=${name}=${value}`);
    await buildah.build([`--volume=${access}:${NPM_ACCESS_MOUNT}:ro`, '--layers', ...flags, `--tag=${reference}`, REPOSITORY]);
    await buildah.run(['push', buildah.policy, reference, `docker-archive:${output}:${reference}`]);
  } finally {
    await scratch.stop();
  }
};

const requireRoot = (): void => {
  if (process.platform === 'linux' && process.getuid?.() === 0) return;
  throw new SetupError(
    'The image cannot be built here: start a Docker engine that reaches a registry, or build as root on Debian or Ubuntu',
  );
};

/** In the cache: steps whose files have not changed are not run again. Whoever calls has the lock of the images. */
const storageDirectory = async (): Promise<string> => {
  const directory = path.join(cacheDirectory(), 'image', '.storage');
  const kept = await readdir(path.join(directory, `${await driverFor(cacheDirectory())}-images`)).catch(() => []);
  if (kept.length > MAX_KEPT) await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  return directory;
};

/** Overlays cannot lie on overlays, such as a container's root file system. */
const driverFor = async (directory: string): Promise<'overlay' | 'vfs'> =>
  (await statfs(directory)).type === OVERLAYFS_MAGIC ? 'vfs' : 'overlay';

interface Buildah {
  readonly policy: string;
  readonly build: (args: readonly string[]) => Promise<void>;
  readonly run: (args: readonly string[]) => Promise<void>;
}

/** All that it writes is below the two directories; only the storage stays. */
const prepare = async (packages: UnpackedPackages, storage: string, directory: string): Promise<Buildah> => {
  const file = (name: string): string => path.join(directory, name);
  await Promise.all(['home', 'overlay', 'temporary'].map(async (name) => await mkdir(file(name))));
  await writeFile(file('registries.conf'), 'unqualified-search-registries = []\n');
  await writeFile(file('policy.json'), '{ "default": [{ "type": "insecureAcceptAnything" }] }\n');
  await writeFile(file('libraries.conf'), `${packages.env['LD_LIBRARY_PATH']?.replaceAll(':', '\n')}\n`);
  const driver = `--storage-driver=${await driverFor(storage)}`;
  const places = [`--root=${storage}`, `--runroot=${file('run')}`, driver, `--registries-conf=${file('registries.conf')}`];
  const policy = `--signature-policy=${file('policy.json')}`;
  const { LD_LIBRARY_PATH: _, ...inherited }: NodeJS.ProcessEnv = packages.env;
  const env = { ...inherited, HOME: file('home'), TMPDIR: file('temporary') };
  const enclosure = { env, overlay: file('overlay'), libraries: file('libraries.conf') };
  const run = async (args: readonly string[]): Promise<void> =>
    await runEnclosed([packages.program('buildah'), ...places, ...args], enclosure);
  // The same time in every file: the same sources make the same image.
  const always = ['build', policy, '--isolation=chroot', '--pull=never', '--timestamp=0'];
  // What a build that was killed has left.
  await run(['rm', '--all']);
  return { policy, run, build: async (args) => await run([...always, ...args]) };
};

/** The build arguments NODE and BASE. */
const addBases = async (buildah: Buildah, storage: string, scratch: string): Promise<Readonly<Record<'NODE' | 'BASE', string>>> => {
  const key = await keyOfBases();
  const names = { NODE: `localhost/studio-node:${key}`, BASE: `localhost/studio-runtime:${key}` };
  const note = path.join(storage, `.bases-${key}`);
  if (existsSync(note)) return names;
  await addBase(buildah, names.NODE, await nodeBase(path.join(scratch, 'node-base')));
  await addBase(buildah, names.BASE, await runtimeBase(path.join(scratch, 'runtime-base')));
  await writeFile(note, '');
  return names;
};

const addBase = async (buildah: Buildah, name: string, { root, env }: Base): Promise<void> => {
  const dockerfile = `${root}.Dockerfile`;
  const lines = ['FROM scratch', 'COPY . /', ...Object.entries(env).map(([key, value]) => `ENV ${key}=${value}`)];
  await writeFile(dockerfile, `${lines.join('\n')}\n`);
  await buildah.build([`--file=${dockerfile}`, `--tag=${name}`, root]);
};

interface Enclosure {
  readonly env: NodeJS.ProcessEnv;
  /** Empty directory for what it writes to the system's own. */
  readonly overlay: string;
  /** Folders of its libraries: it starts itself again without its environment, so they have to be in the loader's cache. */
  readonly libraries: string;
}

// $1: overlay, $2: libraries, then the command. buildah keeps a cache in /var/lib and a lock in /etc wherever its storage is.
const ENCLOSE = `
set -e
overlay=$1; libraries=$2; shift 2
mount -t tmpfs tmpfs "$overlay"
for directory in etc var/lib; do
  mkdir -p "$overlay/$directory/upper" "$overlay/$directory/work"
  mount -t overlay overlay -o "lowerdir=/$directory,upperdir=$overlay/$directory/upper,workdir=$overlay/$directory/work" "/$directory"
done
cat /etc/ld.so.conf >>"$libraries"
ldconfig -X -f "$libraries"
exec "$@"
`;

/** In mount and process namespaces that end with it; it ends with us, also when we are killed. Throws with what it said. */
const runEnclosed = async (command: readonly string[], { env, overlay, libraries }: Enclosure): Promise<void> => {
  const namespaces = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const script = ['/bin/sh', '-c', ENCLOSE, 'enclose', overlay, libraries];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...namespaces, ...script, ...command], {
    env: { ...env, PATH: `${env['PATH']}:/usr/sbin:/sbin` },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Whatever it has started ends with it: --kill-child.
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => said.push(chunk));
  const end = await new Promise<number | string | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  if (end !== 0)
    throw new Error(`buildah ended with ${end} (it is killed after ${TIMEOUT_MS / 60_000} minutes):\n${said.join('').slice(-4000)}`);
};
