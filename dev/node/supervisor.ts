// Runs the components of a node as a service manager would: each has a log and a file with its process id, and one that ends is started
// again. Nobody stops them: they end with the enclosure. Separate because a test takes a node's power away by killing them.

import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LOGS, PROCESS_IDS } from './names.ts';

export interface Component {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const RESTART_DELAY_MS = 500;

/** Throws when the program cannot be started at all. */
export const supervise = (component: Component): void => {
  for (const directory of [LOGS, PROCESS_IDS]) mkdirSync(directory, { recursive: true });
  const log = openSync(logFile(component.name), 'a');
  const child = spawn(component.command, component.args, { stdio: ['ignore', log, log], env: component.env ?? process.env });
  closeSync(log);
  if (child.pid === undefined) throw new Error(`${component.command} cannot be started`);
  writeFileSync(path.join(PROCESS_IDS, component.name), String(child.pid));
  child.unref();
  child.once('exit', () => setTimeout(() => supervise(component), RESTART_DELAY_MS).unref());
};

export const logFile = (name: string): string => path.join(LOGS, `${name}.log`);
