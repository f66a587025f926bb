// Files that are made from other sources and checked in all the same, for people and clusters to read. Separate because every
// generator writes them, and finds out which differ, in the same way.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

export interface GeneratedFile {
  /** Where it is checked in, from the root of the repository. */
  readonly path: string;
  readonly text: string;
}

const ROOT = new URL('../', import.meta.url);

/** The paths of the files that are missing or differ. */
export function driftedFiles(files: readonly GeneratedFile[]): readonly string[] {
  return files.filter(({ path, text }) => textOf(path) !== text).map(({ path }) => path);
}

export function writeFiles(files: readonly GeneratedFile[]): void {
  for (const { path, text } of files) {
    const file = new URL(path, ROOT);
    mkdirSync(new URL('.', file), { recursive: true });
    writeFileSync(file, text);
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(new URL(path, ROOT), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
