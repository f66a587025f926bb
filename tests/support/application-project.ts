// A project as an application's author has it: an empty directory outside the repository, the package installed from its tarball, and
// programs run in it. Separate because the package's test and those of the examples need the same.

import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { npm } from '../../dev/npm.ts';
import { buildPackage, packPackage } from '../../dev/package/build-package.ts';
import { REPOSITORY } from '../../dev/run.ts';

const TIMEOUT_MS = 60_000;

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ApplicationProject extends AsyncDisposable {
  readonly directory: string;
  /** A new file, in a subdirectory where the name says so. */
  write(file: string, text: string): Promise<void>;
  /** Runs a program in the project until it ends, a minute at most. */
  run(program: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Outcome>;
  /** The compiler's complaints about `files`, as an application that is strict would hear them. */
  typeCheck(files: readonly string[], resolution: 'nodenext' | 'bundler', options?: { readonly skipLibCheck?: boolean }): Promise<string>;
}

/** `packages`: what is installed beside it, by name; in the versions that this repository has. */
export const installedApplication = async (packages: readonly string[] = []): Promise<ApplicationProject> => {
  const tarball = await packed();
  const directory = await mkdtemp(path.join(os.tmpdir(), 'application-'));
  try {
    await writeFile(path.join(directory, 'package.json'), JSON.stringify({ name: 'an-application', private: true, type: 'module' }));
    const wanted = await Promise.all(packages.map(async (name) => `${name}@${await installedVersion(name)}`));
    // Whatever npm has seen before comes from its cache.
    await npm(
      ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--save-exact', tarball, ...wanted],
      directory,
    );
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(path.dirname(tarball), { recursive: true, force: true });
  }
  return projectIn(directory);
};

const packed = async (): Promise<string> => {
  // Inside the repository: there the compiler finds what the sources import.
  const parent = path.join(REPOSITORY, '.local');
  await mkdir(parent, { recursive: true });
  const directory = await mkdtemp(path.join(parent, 'package-'));
  try {
    await buildPackage(directory);
    return await packPackage(directory);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
};

const projectIn = (directory: string): ApplicationProject => {
  const write: ApplicationProject['write'] = async (file, text) => {
    await mkdir(path.dirname(path.join(directory, file)), { recursive: true });
    await writeFile(path.join(directory, file), text);
  };
  const run: ApplicationProject['run'] = async (program, args, env = {}) =>
    await new Promise((resolve) => {
      const options = { cwd: directory, timeout: TIMEOUT_MS, env: { ...process.env, ...env } };
      execFile(program, [...args], options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
      });
    });
  return {
    directory,
    write,
    run,
    typeCheck: async (files, resolution, options = {}) => {
      await write('tsconfig.json', JSON.stringify({ compilerOptions: { ...STRICT[resolution], ...options }, files }));
      return (await run(process.execPath, [path.join(REPOSITORY, 'node_modules/typescript/bin/tsc'), '-p', '.', '--pretty', 'false']))
        .stdout;
    },
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true, force: true }),
  };
};

const EVERYTHING_STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  skipLibCheck: false,
  noEmit: true,
  target: 'es2023',
  types: ['node'],
};

const STRICT = {
  nodenext: { ...EVERYTHING_STRICT, module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { ...EVERYTHING_STRICT, module: 'esnext', moduleResolution: 'bundler' },
};

/** Copies an example of the documentation as a reader would. */
export const copyExample = async ({ directory }: ApplicationProject, file: string): Promise<void> =>
  await cp(path.join(REPOSITORY, 'docs', 'examples', file), path.join(directory, file));

const installedVersion = async (name: string): Promise<string> => {
  const text = await readFile(path.join(REPOSITORY, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
};
