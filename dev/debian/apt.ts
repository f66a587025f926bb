// apt-get with lists and a package database of its own in the user's cache: it says what a program needs and fetches that, as any user
// and without a change to the system. Separate from what is done with the packages, because programs and root file systems both ask.

import { execFile, spawnSync } from 'node:child_process';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '../cache-directory.ts';
import { SetupError } from '../setup-error.ts';

const execute = promisify(execFile);
const LISTS_VALID_MS = 3_600_000;
const TIMEOUT_MS = 300_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
}

export const debianCache = (): string => path.join(cacheDirectory(), 'debian');

/** Throws a sentence where there is no apt. */
export const requireApt = (names: readonly string[]): void => {
  if (hasApt()) return;
  throw new SetupError(`${names.join(', ')} can only be fetched where apt-get and dpkg-deb are, on Debian or Ubuntu`);
};

export const hasApt = (): boolean =>
  ['apt-get', 'dpkg-deb'].every((each) => spawnSync(each, ['--version'], { stdio: 'ignore' }).status === 0);

/** Fetches the lists of packages unless that was done just now: the versions in older ones may be gone from the servers. */
export const updateLists = async (): Promise<void> => {
  const { state, cache, status, updated } = directories();
  const ageMs = await stat(updated).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => Infinity,
  );
  if (ageMs < LISTS_VALID_MS) return;
  await mkdir(path.join(state, 'lists/partial'), { recursive: true });
  await mkdir(path.join(cache, 'archives/partial'), { recursive: true });
  await writeFile(status, '');
  // Else it succeeds although a list could not be fetched, and what that list has would be missing for as long as these count as new.
  await aptGet(['update', '-o', 'APT::Update::Error-Mode=any']);
  await writeFile(updated, '');
};

/** The packages with all that they depend on, as on a system that has nothing yet. */
export const packagesNeededBy = async (names: readonly string[]): Promise<readonly DebianPackage[]> => {
  const plan = await aptGet(['--simulate', '--no-install-recommends', 'install', ...names]);
  return [...plan.matchAll(/^Inst (\S+) \((\S+) /gm)].map(([, name = '', version = '']) => ({ name, version }));
};

/** Leaves one .deb per package in the directory. */
export const download = async (packages: readonly DebianPackage[], directory: string): Promise<void> => {
  await aptGet(['download', ...packages.map(({ name, version }) => `${name}=${version}`)], directory);
};

const directories = (): Readonly<Record<'state' | 'cache' | 'status' | 'updated', string>> => {
  const base = path.join(debianCache(), 'apt');
  return {
    state: path.join(base, 'state'),
    cache: path.join(base, 'cache'),
    status: path.join(base, 'status'),
    updated: path.join(base, 'updated'),
  };
};

const aptGet = async (args: readonly string[], cwd?: string): Promise<string> => {
  const { state, cache, status } = directories();
  const options = [`Dir::State=${state}`, `Dir::Cache=${cache}`, `Dir::State::status=${status}`];
  // Root would hand the download to the user _apt, who has no access to root's cache.
  const flags = [...options, 'APT::Sandbox::User=root', 'Debug::NoLocking=1'].flatMap((option) => ['-o', option]);
  const { stdout } = await execute('apt-get', ['-q', ...flags, ...args], {
    env: { ...process.env, LC_ALL: 'C' },
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
    ...(cwd === undefined ? {} : { cwd }),
  });
  return stdout;
};
