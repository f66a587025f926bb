// Everything that decides what the image holds. Separate because it is the key of the cache: an image that was built from the same
// files need not be built again.

import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { REPOSITORY } from '../run.ts';

/** What the Dockerfile copies and how it is built, files and folders. */
const INPUTS = [
  'Dockerfile',
  '.dockerignore',
  '.npmrc',
  'LICENSE',
  'bin',
  'dev/image',
  'migrations',
  'package-lock.json',
  'package.json',
  'src',
] as const;

/** A hash of the files' names, modes and contents, and of what is said beside them. */
export const hashOfInputs = async (said: readonly string[]): Promise<string> => {
  const hash = createHash('sha256').update([process.platform, process.arch, ...said].join('\0'));
  for (const file of (await Promise.all(INPUTS.map(filesBelow))).flat()) {
    const full = path.join(REPOSITORY, file);
    hash.update(`\0${file}\0${(await lstat(full)).mode}\0`).update(await readFile(full));
  }
  return hash.digest('hex').slice(0, 16);
};

const filesBelow = async (input: string): Promise<readonly string[]> => {
  const full = path.join(REPOSITORY, input);
  if (!(await lstat(full)).isDirectory()) return [input];
  const entries = await readdir(full, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(REPOSITORY, path.join(entry.parentPath, entry.name)))
    .toSorted();
};
