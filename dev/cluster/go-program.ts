// Builds a program from a Go module of this repository, once for its version and sources, into the user's cache. Separate because the
// control plane and kubectl come from the same module by the same rules: nothing half-built is ever found, and two commands do not
// build the same thing at the same time.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { say, withProgress } from '../progress.ts';
import { SetupError } from '../setup-error.ts';
import { withFileLock } from './file-lock.ts';

export interface GoProgram {
  readonly name: string;
  /** Directory with go.mod. */
  readonly module: string;
  /** Import path of the main package, or '.'. */
  readonly package: string;
}

/** Builds it unless the cache has it already; returns its path. Throws a sentence when Go is needed and missing. */
export const buildOnce = async (program: GoProgram): Promise<string> => {
  const version = await kubernetesVersion(program.module);
  const directory = path.join(cacheDirectory(), 'kubernetes', version);
  const target = path.join(directory, `${program.name}-${await fingerprint(program)}`);
  if (await exists(target)) return target;
  requireGo();
  return await withFileLock(
    `${target}.lock`,
    async () => {
      if (!(await exists(target))) await build(program, version, target);
      return target;
    },
    (holder) => say(`Waiting for process ${holder}, which is building ${program.name}`),
  );
};

export const hasGo = (): boolean => spawnSync('go', ['version'], { stdio: 'ignore' }).status === 0;

const requireGo = (): void => {
  if (hasGo()) return;
  throw new SetupError('No cluster can be started here: install Docker (and start it), or Go 1.26 from https://go.dev/dl');
};

const build = async (program: GoProgram, version: string, target: string): Promise<void> => {
  await mkdir(path.dirname(target), { recursive: true });
  const unfinished = `${target}.${process.pid}`;
  const stamps = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((stamped) => versionStamps(stamped, version));
  const args = [
    'build',
    '-mod=readonly',
    '-pgo=off', // with profiles every dependency would be compiled once per program
    '-trimpath',
    '-gcflags=all=-N -l', // no optimiser: the build takes a third less time, and nobody measures this program
    `-ldflags=-s -w ${stamps.join(' ')}`,
    '-o',
    unfinished,
    program.package,
  ];
  try {
    await withProgress(
      `Building ${program.name} (Kubernetes ${version}) with Go; once, about 5 minutes on 2 cores`,
      async () => await go(args, program.module),
    );
    await rename(unfinished, target);
  } finally {
    await rm(unfinished, { force: true });
  }
};

// Both places: the server reports one, clients the other; unstamped it is no semantic version and Helm refuses it.
const versionStamps = (stamped: string, version: string): readonly string[] => {
  const [major, minor] = version.slice(1).split('.');
  return Object.entries({ gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' }).map(
    ([name, value]) => `-X ${stamped}.${name}=${value}`,
  );
};

const go = async (args: readonly string[], cwd: string): Promise<void> => {
  const child = spawn('go', args, {
    cwd,
    // GOGC: less garbage collection in the compiler, for memory that a build machine has.
    env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '', GOGC: '400' },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  // Downloads come as one line each, some hundred of them; they matter only when the build fails.
  const lines: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => lines.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`go ${args[0]} ended with code ${code}:\n${lines.join('').slice(-4000)}`);
};

const kubernetesVersion = async (module: string): Promise<string> => {
  const match = /^\s*k8s\.io\/kubernetes (v\S+)$/m.exec(await readFile(path.join(module, 'go.mod'), 'utf8'));
  if (match?.[1] === undefined) throw new Error(`no version of k8s.io/kubernetes in ${module}/go.mod`);
  return match[1];
};

/** Of everything that decides what comes out: sources, pinned modules, machine. */
const fingerprint = async (program: GoProgram): Promise<string> => {
  const hash = createHash('sha256').update(`${os.platform()} ${os.arch()} ${program.package}\0`);
  const files = (await readdir(program.module)).filter((file) => /\.go$|^go\.(mod|sum)$/.test(file));
  const contents = await Promise.all(
    files.toSorted().map(async (file) => [file, await readFile(path.join(program.module, file))] as const),
  );
  for (const [file, content] of contents) hash.update(`${file}\0`).update(content);
  return hash.digest('hex').slice(0, 12);
};

const cacheDirectory = (): string => {
  const base = process.env['XDG_CACHE_HOME'];
  return path.join(base === undefined || base === '' ? path.join(os.homedir(), '.cache') : base, 'studio-operator');
};

const exists = async (file: string): Promise<boolean> =>
  await access(file).then(
    () => true,
    () => false,
  );
