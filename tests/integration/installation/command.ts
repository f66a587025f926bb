// `operator --apply-crds` and `--check` as a Job or a person runs them: a process of its own with nothing but what it is given.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';

const MAIN = path.resolve(import.meta.dirname, '../../../src/main.ts');

export interface CommandResult {
  /** Null when it was ended by the time limit. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runCommand(args: readonly string[], env: Readonly<Record<string, string>>): Promise<CommandResult> {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env['PATH'], ...env }, timeout: 120_000 });
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}
