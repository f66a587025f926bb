// Asks npm for the bill of materials of the production dependencies. Separate from the command, because the image's tests compare it
// with what is in the image.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { npm } from '../npm.ts';
import { REPOSITORY } from '../run.ts';
import { scratchDirectory } from '../scratch-directory.ts';

export interface Sbom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly components: readonly { readonly name: string; readonly version: string; readonly purl: string }[];
}

/**
 * `npm sbom --omit dev` leaves out what production and development both depend on (npm 11: `pg` and `zod` among them). So it is asked
 * about a project that has no development dependencies: ours without them, in a directory of its own.
 */
export const productionSbom = async (): Promise<Sbom> => {
  const scratch = await scratchDirectory('studio-sbom-');
  try {
    const { manifest, lock } = await productionProject();
    // npm calls the component what its directory is called.
    const directory = path.join(scratch.path, manifest.name);
    await mkdir(directory);
    await writeFile(path.join(directory, 'package.json'), JSON.stringify(manifest));
    await writeFile(path.join(directory, 'package-lock.json'), JSON.stringify(lock));
    const text = await npm(['sbom', '--omit', 'dev', '--package-lock-only', '--sbom-format', 'cyclonedx'], directory);
    return JSON.parse(text) as Sbom;
  } finally {
    await scratch.stop();
  }
};

interface Manifest {
  readonly name: string;
  readonly devDependencies?: unknown;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devDependencies?: unknown }>>;
}

const productionProject = async (): Promise<{ readonly manifest: Manifest; readonly lock: Lock }> => {
  const read = async <T>(file: string): Promise<T> => JSON.parse(await readFile(path.join(REPOSITORY, file), 'utf8')) as T;
  const { devDependencies: _, ...manifest } = await read<Manifest>('package.json');
  const lock = await read<Lock>('package-lock.json');
  const packages = Object.entries(lock.packages)
    .filter(([, { dev }]) => dev !== true)
    .map(([place, { devDependencies: __, ...entry }]) => [place, entry] as const);
  return { manifest, lock: { ...lock, packages: Object.fromEntries(packages) } };
};
