// Programs and libraries of Debian, unpacked into the user's cache and run from there: nothing is installed into the system, so any
// user can do it and nothing is left to clean up. Separate because images, nodes and monitoring each need some.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { withFileLock } from './cluster/file-lock.ts';
import { debianCache, download, packagesNeededBy, requireApt, updateLists, type DebianPackage } from './debian/apt.ts';
import { say, withProgress } from './progress.ts';
import { SetupError } from './setup-error.ts';

export interface UnpackedPackages {
  /** The directory that stands for `/`. */
  readonly root: string;
  /** Our environment with the unpacked programs and libraries first. */
  readonly env: NodeJS.ProcessEnv;
  /** The path of a program in it; throws when there is none. */
  program(name: string): string;
}

interface Selection {
  readonly names: readonly string[];
  /** Fetch these alone, or what they need too, but for what every Debian has, or all of that. */
  readonly dependencies: 'none' | 'missing' | 'all';
}

/**
 * The packages and what they need beyond what every Debian has, unpacked once and kept until the cache is removed. Maintainer scripts
 * don't run: no users, no services, no generated files. Throws SetupError where there is no apt.
 */
export const unpackedDebianPackages = async (names: readonly string[]): Promise<UnpackedPackages> => {
  const root = await unpackedOnce({ names, dependencies: 'missing' });
  return { root, env: environment(root), program: (name) => programIn(root, name) };
};

/** Exactly these packages, or with all that they need down to the C library: the beginnings of a root file system. */
export const debianRootFileSystem = async (names: readonly string[], dependencies: 'none' | 'all'): Promise<string> =>
  await unpackedOnce({ names, dependencies });

const unpackedOnce = async (selection: Selection): Promise<string> => {
  const { names } = selection;
  const target = path.join(debianCache(), `${names[0]}-${key(selection)}`);
  if (existsSync(target)) return target;
  requireApt(names);
  await mkdir(debianCache(), { recursive: true });
  // One lock for all: they share apt's lists.
  return await withFileLock(
    path.join(debianCache(), 'lock'),
    async () => {
      if (!existsSync(target)) await withProgress(`Fetching Debian's ${names.join(', ')}`, async () => await unpack(selection, target));
      return target;
    },
    (holder) => say(`Waiting for process ${holder}, which is fetching packages of Debian`),
  );
};

const unpack = async (selection: Selection, target: string): Promise<void> => {
  const unfinished = `${target}.${process.pid}`;
  const downloads = `${unfinished}.debs`;
  try {
    await updateLists();
    const packages = await packagesOf(selection);
    await Promise.all([downloads, unfinished].map(async (each) => await mkdir(each)));
    await download(packages, downloads);
    for (const file of (await readdir(downloads)).toSorted()) await execute('dpkg-deb', ['-x', path.join(downloads, file), unfinished]);
    await linkAlternatives(unfinished);
    await rename(unfinished, target);
  } finally {
    await Promise.all([unfinished, downloads].map(async (each) => await rm(each, { recursive: true, force: true })));
  }
};

const packagesOf = async ({ names, dependencies }: Selection): Promise<readonly DebianPackage[]> => {
  const all = await packagesNeededBy(names);
  if (dependencies === 'all') return all;
  if (dependencies === 'none') return all.filter(({ name }) => names.includes(name));
  const present = new Set((await packagesNeededBy(['apt', ...(await essentialPackages())])).map(({ name }) => name));
  // A second C library beside the system's own would not fit its loader.
  return all.filter(({ name }) => names.includes(name) || !present.has(name));
};

/** What Debian calls essential is on every system; apt and what it needs is where apt runs. */
const essentialPackages = async (): Promise<readonly string[]> => {
  const { stdout } = await execute('dpkg-query', ['-W', '-f', '${Package} ${Essential}\n']);
  return [...stdout.matchAll(/^(\S+) yes$/gm)].map(([, name = '']) => name);
};

/** What maintainer scripts would link with update-alternatives. */
const ALTERNATIVES: Readonly<Record<string, string>> = {
  'usr/sbin/iptables': 'iptables-nft',
  'usr/sbin/iptables-save': 'iptables-nft-save',
  'usr/sbin/iptables-restore': 'iptables-nft-restore',
  'usr/sbin/ip6tables': 'ip6tables-nft',
  'usr/sbin/ip6tables-save': 'ip6tables-nft-save',
  'usr/sbin/ip6tables-restore': 'ip6tables-nft-restore',
};

const linkAlternatives = async (root: string): Promise<void> => {
  for (const [link, target] of Object.entries(ALTERNATIVES)) {
    const place = path.join(root, link);
    if (existsSync(path.join(path.dirname(place), target)) && !existsSync(place)) await symlink(target, place);
  }
};

const environment = (root: string): NodeJS.ProcessEnv => {
  const below = (directories: readonly string[]): readonly string[] =>
    directories.map((each) => path.join(root, each)).filter((each) => existsSync(each));
  const libraries = below(['usr/lib', ...multiarch(root, 'usr/lib'), 'lib', ...multiarch(root, 'lib')]);
  const extensions = libraries.map((each) => path.join(each, 'xtables')).filter((each) => existsSync(each));
  return {
    ...process.env,
    PATH: [...below(PROGRAM_DIRECTORIES), process.env['PATH'] ?? ''].join(':'),
    LD_LIBRARY_PATH: [...libraries, process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':'),
    ...(extensions.length > 0 && { XTABLES_LIBDIR: extensions.join(':') }),
  };
};

/** Such as /usr/lib/x86_64-linux-gnu. */
const multiarch = (root: string, directory: string): readonly string[] =>
  list(path.join(root, directory))
    .filter((name) => /-linux-gnu\w*$/.test(name))
    .map((name) => path.join(directory, name));

const PROGRAM_DIRECTORIES = ['usr/sbin', 'usr/bin', 'sbin', 'bin'];

const programIn = (root: string, name: string): string => {
  // Debian's psql in /usr/bin is a script that looks for the real one in its own place.
  const postgres = list(path.join(root, 'usr/lib/postgresql')).map((version) => `usr/lib/postgresql/${version}/bin`);
  const found = [...postgres, ...PROGRAM_DIRECTORIES].map((each) => path.join(root, each, name)).find((each) => existsSync(each));
  if (found === undefined) throw new SetupError(`no program ${name} among the packages in ${root}`);
  return found;
};

/** Of everything that decides what comes out. */
const key = ({ names, dependencies }: Selection): string => {
  const system = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : process.platform;
  return createHash('sha256').update([process.arch, dependencies, names.toSorted().join(), system].join('\0')).digest('hex').slice(0, 12);
};

const list = (directory: string): readonly string[] => (existsSync(directory) ? readdirSync(directory) : []);

const execute = promisify(execFile);
