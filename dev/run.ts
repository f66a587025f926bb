// Runs another program of this project in the foreground. Separate because test, check and generate all do, and all must end as it ends.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';

export const REPOSITORY = path.resolve(import.meta.dirname, '..');

/** With our terminal and environment, from the top of the repository. Resolves with the exit code, 128 + n after signal n. */
export const runForeground = async (command: string, args: readonly string[]): Promise<number> => {
  const child = spawn(command, args, { stdio: 'inherit', cwd: REPOSITORY });
  const forward = (signal: NodeJS.Signals): void => {
    // A terminal sends Ctrl-C to the whole group; the child has it already.
    if (!(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, forward);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
    });
  } finally {
    for (const signal of signals) process.off(signal, forward);
  }
};
