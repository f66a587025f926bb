// The program that runs Argo CD's health checks and kstatus on objects (dev/gitops-health). Separate because it is built like the
// control plane, and asked by tests only.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { buildOnce, type GoProgram } from './go-program.ts';

const GITOPS_HEALTH: GoProgram = {
  name: 'gitops-health',
  module: path.resolve(import.meta.dirname, '../gitops-health'),
  package: '.',
  product: { title: 'kstatus', folder: 'gitops-health', module: 'github.com/fluxcd/cli-utils' },
  stamps: () => [],
  minutes: 1,
};

export interface Verdict {
  readonly status: string;
  readonly message?: string;
}

export interface ToolsView {
  /** What Argo CD shows; undefined for a kind without a check. */
  readonly argo?: Verdict;
  /** What Flux and Helm 4 wait for. */
  readonly kstatus: Verdict;
}

/**
 * What the tools make of each object, in their order.
 *
 * @param checks Lua text by kind.
 */
export const toolsView = async (checks: Readonly<Record<string, string>>, objects: readonly object[]): Promise<readonly ToolsView[]> => {
  const child = spawn(await buildOnce(GITOPS_HEALTH), { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  child.stdin.end(JSON.stringify({ checks, objects }));
  const [code, output, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new Error(`gitops-health ended with code ${code}: ${errors}`);
  return JSON.parse(output) as readonly ToolsView[];
};
