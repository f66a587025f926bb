// Runs small programs of the system and wants them to succeed. Separate because mounts and network are made by several such programs,
// and each failure must say which one it was.

import { spawnSync } from 'node:child_process';

export const system = (command: string, ...args: readonly string[]): string => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (error !== undefined) throw new Error(`${command} cannot be started`, { cause: error });
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')} ended with code ${status}: ${stderr.trim()}`);
  return stdout;
};
