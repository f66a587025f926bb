// A kubectl for people who have none. Separate because nothing here needs it: it is built, from the same module as the control plane,
// only when it is missing and Go is there.

import { spawnSync } from 'node:child_process';
import { mkdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { buildOnce, hasGo } from './cluster/go-program.ts';
import { kubernetesProgram } from './cluster/kubernetes-program.ts';
import { REPOSITORY } from './run.ts';

export const TOOLS = path.join(REPOSITORY, '.local', 'bin');

/** Puts a kubectl into TOOLS unless there is one on the PATH, or no Go to build it with. */
export const provideKubectl = async (): Promise<void> => {
  const link = path.join(TOOLS, 'kubectl');
  await mkdir(TOOLS, { recursive: true });
  await rm(link, { force: true });
  if (installedKubectl() !== undefined || !hasGo()) return;
  await symlink(await builtKubectl(), link);
};

/** The path of the kubectl that is installed, else of one that is built once. Throws SetupError where there is neither one nor Go. */
export const kubectlProgram = async (): Promise<string> => installedKubectl() ?? (await builtKubectl());

const builtKubectl = async (): Promise<string> => await buildOnce(kubernetesProgram('kubectl', 'k8s.io/kubernetes/cmd/kubectl'));

const installedKubectl = (): string | undefined => {
  const found = (process.env['PATH'] ?? '').split(path.delimiter).map((directory) => path.join(directory, 'kubectl'));
  return found.find((program) => spawnSync(program, ['version', '--client'], { stdio: 'ignore' }).status === 0);
};
