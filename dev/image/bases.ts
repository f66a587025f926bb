// Stand-ins for the images that the Dockerfile begins with, for machines that reach no registry: made of Debian's packages and npm's.
// Separate because what they hold is decided here alone. They are for tests; a release is built on bases that somebody maintains.

import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { debianRootFileSystem } from '../debian-packages.ts';
import { npm } from '../npm.ts';
import { REPOSITORY } from '../run.ts';
import { NPM_CONFIGURATION } from './npm-access.ts';

const NPM = 'npm@11.19.1';
const NODE_PACKAGES = [['dash', 'coreutils', 'libstdc++6'], 'all'] as const;
const RUNTIME_PACKAGES = [['libc6', 'libgcc-s1', 'libstdc++6', 'ca-certificates', 'tzdata'], 'none'] as const;
const PROGRAMS = '/usr/local/bin:/usr/bin:/bin';
/** What nothing at run time reads. Licences stay. */
const MANUALS = ['usr/share/man', 'usr/share/info', 'usr/share/locale', 'usr/share/lintian', 'usr/share/bug'] as const;
const RARE = ['usr/share/zoneinfo/right', 'usr/share/zoneinfo/posix', 'usr/lib/locale'] as const;

export interface Base {
  /** Directory that stands for `/`. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Of what they are made of: another Node, another system or other rules here make other bases. */
export const keyOfBases = async (): Promise<string> => {
  const roots = [await debianRootFileSystem(...NODE_PACKAGES), await debianRootFileSystem(...RUNTIME_PACKAGES)];
  const rules = await readFile(import.meta.filename, 'utf8');
  return createHash('sha256')
    .update([process.version, ...roots, rules].join('\0'))
    .digest('hex')
    .slice(0, 12);
};

/** For the stage NODE: Node, npm, a shell and the basic commands. */
export const nodeBase = async (root: string): Promise<Base> => {
  await copy(await debianRootFileSystem(...NODE_PACKAGES), root);
  const local = path.join(root, 'usr/local');
  await Promise.all(['bin', 'lib'].map(async (each) => await mkdir(path.join(local, each), { recursive: true })));
  await cp(path.join(REPOSITORY, 'node_modules/node/bin/node'), path.join(local, 'bin/node'));
  await npm(['install', '--prefix', path.join(local, 'lib'), '--no-save', '--no-package-lock', '--no-audit', '--no-fund', NPM], root);
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', path.join(local, 'bin/npm'));
  await completeRoot(root, MANUALS);
  return { root, env: { PATH: PROGRAMS, NPM_CONFIG_GLOBALCONFIG: NPM_CONFIGURATION } };
};

/** For the image itself: the C and C++ libraries, time zones and the certificate authorities. No program at all. */
export const runtimeBase = async (root: string): Promise<Base> => {
  await copy(await debianRootFileSystem(...RUNTIME_PACKAGES), root);
  await trustAuthorities(root);
  await completeRoot(root, [...MANUALS, ...RARE, 'usr/sbin', 'usr/share/ca-certificates']);
  await removeConverters(root);
  return { root, env: { PATH: PROGRAMS } };
};

const copy = async (from: string, to: string): Promise<void> => {
  await cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
};

/** What the package's own script makes of its single certificates. */
const trustAuthorities = async (root: string): Promise<void> => {
  const directory = path.join(root, 'usr/share/ca-certificates');
  const files = (await readdir(directory, { recursive: true })).filter((file) => file.endsWith('.crt')).toSorted();
  const texts = await Promise.all(files.map(async (file) => await readFile(path.join(directory, file), 'utf8')));
  await write(root, 'etc/ssl/certs/ca-certificates.crt', texts.join(''));
};

const completeRoot = async (root: string, superfluous: readonly string[]): Promise<void> => {
  await Promise.all(superfluous.map(async (each) => await rm(path.join(root, each), { recursive: true, force: true })));
  await write(root, 'etc/passwd', 'root:x:0:0:root:/root:/sbin/nologin\nnode:x:1000:1000:node:/home/node:/sbin/nologin\n');
  await write(root, 'etc/group', 'root:x:0:\nnode:x:1000:\n');
  await write(root, 'etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n');
  await mkdir(path.join(root, 'tmp'), { recursive: true });
  await chmod(path.join(root, 'tmp'), 0o1777);
};

/** Of glibc's conversions between character sets nothing but Unicode is used. */
const removeConverters = async (root: string): Promise<void> => {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name === 'gconv');
  await Promise.all(folders.map(async (entry) => await rm(path.join(entry.parentPath, entry.name), { recursive: true })));
};

const write = async (root: string, file: string, text: string): Promise<void> => {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  await writeFile(path.join(root, file), text, { mode: 0o644 });
};
