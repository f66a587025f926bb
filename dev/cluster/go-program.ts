// Builds a program from a Go module of this repository, once for its version and sources, into the user's cache. Separate because the
// control plane, kubectl and the Ingress controller are built by the same rules: nothing half-built is ever found, and two commands do
// not build the same thing at the same time.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { cacheDirectory } from '../cache-directory.ts';
import { say, withProgress } from '../progress.ts';
import { SetupError } from '../setup-error.ts';
import { withFileLock } from './file-lock.ts';

export interface GoProgram {
  readonly name: string;
  /** Directory with go.mod. */
  readonly module: string;
  /** Import path of the main package, or '.'. */
  readonly package: string;
  /** What it is a version of: a folder of the cache, and the module in go.mod that says which. */
  readonly product: { readonly title: string; readonly folder: string; readonly module: string };
  /** What the linker is to write into it, e.g. `-X package.name=value`. */
  readonly stamps: (version: string) => readonly string[];
  /** Built as its authors ship it, where it is to be exactly what users run; default: without the optimiser, in a third less time. */
  readonly optimised?: true;
  /** For whoever waits: minutes on 2 cores when nothing of it is in Go's cache. */
  readonly minutes: number;
  /** Completes a copy of the module's directory that is built in its stead; what it adds must follow from the module alone. */
  readonly complete?: (copy: string) => Promise<void>;
}

export interface BuildOptions {
  /** Ends a build that is under way. */
  readonly signal?: AbortSignal;
  /** One line instead of progress, and the processors go to others first: for a build that nobody waits for yet. */
  readonly inBackground?: boolean;
}

/** Builds it unless the cache has it already; returns its path. Throws a sentence when Go is needed and missing. */
export const buildOnce = async (program: GoProgram, options: BuildOptions = {}): Promise<string> => {
  const version = await versionOf(program);
  const target = await targetOf(program, version);
  if (await exists(target)) return target;
  requireGo(program);
  return await withFileLock(
    `${target}.lock`,
    async () => {
      if (!(await exists(target))) await build(program, { ...options, version, target });
      return target;
    },
    (holder) => say(`Waiting for process ${holder}, which is building ${program.name}`),
  );
};

/** Its path when the cache has it. */
export const builtAlready = async (program: GoProgram): Promise<string | undefined> => {
  const target = await targetOf(program, await versionOf(program));
  return (await exists(target)) ? target : undefined;
};

const targetOf = async (program: GoProgram, version: string): Promise<string> =>
  path.join(cacheDirectory(), program.product.folder, version, `${program.name}-${await fingerprint(program)}`);

export const hasGo = (): boolean => spawnSync('go', ['version'], { stdio: 'ignore' }).status === 0;

const requireGo = ({ product }: GoProgram): void => {
  if (hasGo()) return;
  throw new SetupError(`${product.title} cannot be built here: install Docker (and start it), or Go 1.26 from https://go.dev/dl`);
};

interface Build extends BuildOptions {
  readonly version: string;
  readonly target: string;
}

const build = async (program: GoProgram, options: Build): Promise<void> => {
  const { version, target, inBackground = false } = options;
  const { name, product, minutes } = program;
  await mkdir(path.dirname(target), { recursive: true });
  const unfinished = `${target}.${process.pid}`;
  const work = async (): Promise<void> => {
    const source = await completedSource(program, `${unfinished}.source`);
    await go(buildArguments(program, version, unfinished), source, options);
    await rename(unfinished, target);
  };
  try {
    const what = `Building ${name} (${product.title} ${version}) with Go${inBackground ? ' in the background' : ''}; once, about ${minutes} minutes on 2 cores`;
    if (!inBackground) return await withProgress(what, work);
    say(what);
    await work();
  } finally {
    await Promise.all([unfinished, `${unfinished}.source`].map(async (each) => await rm(each, { recursive: true, force: true })));
  }
};

/** The module itself, or the copy with all that it lacks: a checkout is only read. */
const completedSource = async ({ module, complete }: GoProgram, copy: string): Promise<string> => {
  if (complete === undefined) return module;
  await cp(module, copy, { recursive: true });
  await complete(copy);
  return copy;
};

const buildArguments = (program: GoProgram, version: string, output: string): readonly string[] => [
  'build',
  '-mod=readonly',
  '-pgo=off', // with profiles every dependency would be compiled once per program
  '-trimpath',
  ...(program.optimised === true ? [] : ['-gcflags=all=-N -l']),
  `-ldflags=${['-s', '-w', ...program.stamps(version)].join(' ')}`,
  '-o',
  output,
  program.package,
];

/** Runs the Go tool without the network's newest toolchain and without anybody's flags; returns what it printed. */
export const go = async (args: readonly string[], cwd: string, { signal, inBackground = false }: BuildOptions = {}): Promise<string> => {
  const child = spawn('go', args, {
    cwd,
    // GOGC: less garbage collection in the compiler, for memory that a build machine has.
    env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '', GOGC: '400' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  // Its compilers inherit this.
  if (inBackground && child.pid !== undefined) os.setPriority(child.pid, os.constants.priority.PRIORITY_BELOW_NORMAL);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  // Downloads come as one line each, some hundred of them; they matter only when the build fails.
  const lines: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => lines.push(chunk));
  // It may be gone for good only a moment after it was told to end.
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (failure !== undefined) throw failure;
  if (code !== 0) throw new Error(`go ${args[0]} ended with code ${code}:\n${lines.join('').slice(-4000)}`);
  return output;
};

const versionOf = async ({ module, product }: GoProgram): Promise<string> => {
  const lines = (await readFile(path.join(module, 'go.mod'), 'utf8')).split('\n').map((line) =>
    line
      .trim()
      .replace(/^require /, '')
      .split(' '),
  );
  const version = lines.find(([name, found]) => name === product.module && found?.startsWith('v') === true)?.[1];
  if (version === undefined) throw new Error(`no version of ${product.module} in ${module}/go.mod`);
  return version;
};

/** Of everything that decides what comes out: sources, pinned modules, machine. */
const fingerprint = async (program: GoProgram): Promise<string> => {
  const hash = createHash('sha256').update(`${os.platform()} ${os.arch()} ${program.package}\0`);
  const files = (await readdir(program.module, { recursive: true })).filter((file) => /\.go$|(^|\/)go\.(mod|sum)$/.test(file));
  const contents = await Promise.all(
    files.toSorted().map(async (file) => [file, await readFile(path.join(program.module, file))] as const),
  );
  for (const [file, content] of contents) hash.update(`${file}\0`).update(content);
  return hash.digest('hex').slice(0, 12);
};

const exists = async (file: string): Promise<boolean> =>
  await access(file).then(
    () => true,
    () => false,
  );
