// Makes the package that applications install: src/routing compiled to JavaScript and types, `kubectl studio` as plain JavaScript, and the
// documentation of both. Separate from the command, because tests build it into directories of their own.

import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { npm } from '../npm.ts';
import { REPOSITORY } from '../run.ts';
import { packageManifest, PROGRAMS, type RootManifest } from './manifest.ts';

const TSC = path.join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc');
const TSC_TIMEOUT_MS = 120_000;

/** Where the documentation lies in the package: as in the repository, so that its links hold; its first page is the README too. */
const DOCUMENTS: Readonly<Record<string, string>> = {
  'docs/routing.md': 'docs/routing.md',
  'docs/routing-contract.md': 'docs/routing-contract.md',
  'docs/examples': 'docs/examples',
  'docs/kubectl-studio.md': 'docs/kubectl-studio.md',
  LICENSE: 'LICENSE',
};

/** Empties `directory` (inside the repository, where the compiler finds the dependencies) and builds into it. Throws what tsc says. */
export const buildPackage = async (directory: string): Promise<void> => {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await cp(path.join(REPOSITORY, 'src', 'routing'), path.join(directory, 'src'), { recursive: true });
  // The compiler takes the kind of its modules from the nearest package.json.
  await writeJson(path.join(directory, 'package.json'), { type: 'module' });
  await compile(directory, { extends: path.join(REPOSITORY, 'tsconfig.build.json') });
  await compile(directory, pluginProject(directory));
  await nameCompiledFiles(path.join(directory, 'lib'));
  const root = JSON.parse(await readFile(path.join(REPOSITORY, 'package.json'), 'utf8')) as RootManifest;
  await writeJson(path.join(directory, 'package.json'), packageManifest(root, await importedPackages(path.join(directory, 'lib'))));
  for (const [from, to] of Object.entries(DOCUMENTS)) {
    await cp(path.join(REPOSITORY, from), path.join(directory, to), { recursive: true });
  }
  await writeFile(path.join(directory, 'README.md'), await readme());
};

/** Makes the tarball beside the built package, and returns its path. */
export const packPackage = async (directory: string): Promise<string> => {
  await npm(['pack', '--ignore-scripts'], directory);
  const tarball = (await readdir(directory)).find((file) => file.endsWith('.tgz'));
  if (tarball === undefined) throw new Error(`npm pack has made no tarball in ${directory}`);
  return path.join(directory, tarball);
};

/** The plugin's programs and all that they reach: for nobody to import, so without types. They lie in one directory below package.json. */
const pluginProject = (directory: string): object => ({
  extends: path.join(REPOSITORY, 'tsconfig.build.json'),
  compilerOptions: {
    rootDir: path.join(REPOSITORY, 'src'),
    outDir: path.join(directory, 'plugin'),
    declaration: false,
    declarationMap: false,
    sourceMap: false,
  },
  include: [],
  files: Object.values(PROGRAMS).map((name) => path.join(REPOSITORY, 'src', `${name}.ts`)),
});

const compile = async (directory: string, settings: object): Promise<void> => {
  const project = path.join(directory, 'tsconfig.json');
  await writeJson(project, settings);
  try {
    await promisify(execFile)(process.execPath, [TSC, '-p', project, '--pretty', 'false'], { cwd: REPOSITORY, timeout: TSC_TIMEOUT_MS });
  } catch (error) {
    throw new Error(`compiling the package:\n${(error as { readonly stdout?: string }).stdout ?? ''}`, { cause: error });
  }
  await rm(project);
};

/** The compiler leaves `./x.ts` in declarations, where nothing but the newest compilers understands that x.d.ts is meant. */
const nameCompiledFiles = async (library: string): Promise<void> => {
  for (const [file, text] of await textsIn(library, /\.d\.ts$/)) {
    await writeFile(file, text.replaceAll(/(\bfrom |\bimport\(|^import )(['"])(\.[^'"]*)\.ts\2/gm, '$1$2$3.js$2'));
  }
};

const IMPORT = /(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+|^declare module\s+)['"]([^'".][^'"]*)['"]/gm;

/** Of the built files, types included: whoever uses the types needs those packages too. Node's own modules are not packages. */
const importedPackages = async (library: string): Promise<readonly string[]> => {
  const texts = await textsIn(library, /\.(?:js|d\.ts)$/);
  const specifiers = texts.flatMap(([, text]) => [...text.matchAll(IMPORT)].map(([, specifier = '']) => specifier));
  const names = specifiers
    .filter((specifier) => !specifier.startsWith('node:'))
    .map((specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'));
  return [...new Set(names)];
};

const textsIn = async (directory: string, names: RegExp): Promise<readonly (readonly [file: string, text: string])[]> => {
  const files = (await readdir(directory, { recursive: true }))
    .filter((file) => names.test(file))
    .map((file) => path.join(directory, file));
  return await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const));
};

/** Registries show the README: links of the page, which lies in docs/, start one level higher there. */
const readme = async (): Promise<string> =>
  (await readFile(path.join(REPOSITORY, 'docs', 'routing.md'), 'utf8')).replaceAll(/\]\((?!https?:|#|\.\.\/)([^)]+)\)/g, '](docs/$1)');

const writeJson = async (file: string, value: unknown): Promise<void> => await writeFile(file, `${JSON.stringify(value, null, 2)}\n`);
