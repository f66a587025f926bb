// The operator as a child process, exactly with the rights that it has in a cluster: a token of its own ServiceAccount. Separate because
// the demo and the benchmarks start it the same way, and only the benchmarks look at what it costs.

import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { freePort } from '../free-port.ts';
import { startGuarded } from '../guarded-process.ts';

export interface OperatorOptions {
  /** With the ServiceAccount's token. */
  readonly kubeconfigPath: string;
  readonly masterDatabaseUrl: string;
  /** Further settings, by variable. */
  readonly settings: Readonly<Record<string, string>>;
  /** Receives its log as JSON lines, and whatever else it says. */
  readonly logFile: string;
}

export interface OperatorProcess {
  readonly pid: number;
  readonly logFile: string;
  /** Where /livez, /readyz and /metrics answer. */
  readonly healthUrl: string;
  hasEnded(): boolean;
  /** Resolves once /readyz says yes; throws with the end of the log when the process ends before, or after `timeoutMs`. */
  ready(timeoutMs: number): Promise<void>;
  /** Asks it to end, as Kubernetes does; throws when it did not end well. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const MAIN = path.resolve(import.meta.dirname, '../../src/main.ts');
const POLL_MS = 50;
const LOG_TAIL_CHARACTERS = 2000;

export const startOperator = async (options: OperatorOptions): Promise<OperatorProcess> => {
  const port = await freePort();
  const log = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 });
  const running = startGuarded({
    command: process.execPath,
    args: [MAIN],
    env: environment(options, port),
    errorLog: options.logFile,
    signal: 'TERM',
  });
  running.stdout.pipe(log);
  const pid = await running.pid;
  const healthUrl = `http://${HOST}:${port}`;
  return {
    pid,
    logFile: options.logFile,
    healthUrl,
    hasEnded: running.hasEnded,
    ready: async (timeoutMs) => {
      const deadline = performance.now() + timeoutMs;
      while (!(await answers(`${healthUrl}/readyz`))) {
        if (running.hasEnded()) throw new Error(`the operator ended; the end of ${options.logFile}:\n${await tail(options.logFile)}`);
        if (performance.now() > deadline) throw new Error(`the operator is not ready after ${timeoutMs / 1000} s: see ${options.logFile}`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
    stop: async () => {
      await running.stop();
      await finished(log.end());
      const code = await running.ended;
      if (code !== 0) throw new Error(`the operator ended with code ${code}; the end of its log:\n${await tail(options.logFile)}`);
    },
  };
};

/** Nothing of ours goes in but what every program needs: a setting in somebody's shell must not change what is shown. */
const environment = (options: OperatorOptions, port: number): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: process.env['HOME'],
  ...options.settings,
  KUBECONFIG: options.kubeconfigPath,
  MASTER_DATABASE_URL: options.masterDatabaseUrl,
  LISTEN_HOST: HOST,
  LISTEN_PORT: String(port),
  LOG_FORMAT: 'json',
});

const answers = async (url: string): Promise<boolean> =>
  await fetch(url, { signal: AbortSignal.timeout(1000) }).then(
    async (response) => {
      await response.text();
      return response.ok;
    },
    () => false,
  );

const tail = async (file: string): Promise<string> => (await readFile(file, 'utf8')).slice(-LOG_TAIL_CHARACTERS);
