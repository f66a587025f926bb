/**
 * `kubectl studio` as people run it: the user's kubectl finds the plugin on the PATH and starts it. Separate because every test of the
 * plugin does so, with one person's kubeconfig or another's.
 */
import { execFile } from 'node:child_process';
import { appendFile, chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { provideKubectl, TOOLS } from '../../dev/kubectl.ts';
import { REPOSITORY } from '../../dev/run.ts';

const TIMEOUT_MS = 90_000;

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Person {
  readonly kubeconfigPath: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Plugin extends AsyncDisposable {
  /** A directory on the PATH before all others: what is put here is found first. */
  readonly directory: string;
  /** `kubectl studio ...args`. */
  run(person: Person, ...args: readonly string[]): Promise<Said>;
  /** kubectl itself, as a person. */
  kubectl(person: Person, ...args: readonly string[]): Promise<Said>;
  /** A program of our own under that name, before any other of it. */
  install(name: string, script: string): Promise<void>;
}

/** STUDIO_PLUGIN_TRANSCRIPT names a file that receives every command with what it printed. */
export async function installedPlugin(): Promise<Plugin> {
  await provideKubectl();
  const directory = await mkdtemp(path.join(os.tmpdir(), 'kubectl-studio-test-'));
  await symlink(path.join(REPOSITORY, 'src', 'kubectl-studio.ts'), path.join(directory, 'kubectl-studio'));
  await symlink(path.join(REPOSITORY, 'src', 'kubectl-studio-complete.ts'), path.join(directory, 'kubectl_complete-studio'));
  const kubectl: Plugin['kubectl'] = async ({ kubeconfigPath, env }, ...args) =>
    await execute('kubectl', args, {
      ...process.env,
      PATH: [directory, path.dirname(process.execPath), process.env['PATH'], TOOLS].join(path.delimiter),
      KUBECONFIG: kubeconfigPath,
      ...env,
    });
  return {
    directory,
    kubectl,
    run: async (person, ...args) => {
      const said = await kubectl(person, 'studio', ...args);
      await record(args, said);
      return said;
    },
    install: async (name, script) => {
      const file = path.join(directory, name);
      await writeFile(file, script);
      await chmod(file, 0o755);
    },
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true, force: true }),
  };
}

async function record(args: readonly string[], { code, stdout, stderr }: Said): Promise<void> {
  const file = process.env['STUDIO_PLUGIN_TRANSCRIPT'];
  if (file === undefined) return;
  const words = args.map((word) => (/^[\w./:=-]+$/.test(word) ? word : `'${word}'`)).join(' ');
  await appendFile(file, `$ kubectl studio ${words}\n${stdout}${stderr}[exit code ${code}]\n\n`);
}

async function execute(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Said> {
  return await new Promise((resolve) => {
    execFile(program, [...args], { env, timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}
