/**
 * kubectl as people run it, with what it prints and how it ends. Separate because here it matters what a person gets to see, and by
 * which field manager something was applied.
 */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

import { kubectlProgram } from '../../../dev/kubectl.ts';
import type { Studio } from '../../support/studio.ts';

export interface Printed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How it ended is for the caller to judge. Without a table of its own for colours or a cache of anybody's. */
export async function kubectl(studio: Studio, args: readonly string[], input = ''): Promise<Printed> {
  const child = spawn(await kubectlProgram(), args, {
    env: { PATH: process.env['PATH'], HOME: studio.directory, KUBECONFIG: studio.controlPlane.kubeconfigPath },
    timeout: 100_000,
  });
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  child.stdin.end(input);
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

/** The same, of what must succeed; returns what it printed. */
export async function kubectlDone(studio: Studio, args: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await kubectl(studio, args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with code ${code}: ${stderr}`);
  return stdout;
}
