// A server of this project as a child process with settings of its own: its log in a file, ready when /readyz says so, ended as Kubernetes
// ends it. Separate because the operator and the application are started the same way, and only what they are told differs.

import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { startGuarded } from '../guarded-process.ts';

export interface ServerProcessOptions {
  /** As sentences name it, e.g. "the operator". */
  readonly title: string;
  /** Path of the program. */
  readonly main: string;
  /** A free one of 127.0.0.1. */
  readonly port: number;
  /** With the ServiceAccount's token. */
  readonly kubeconfigPath: string;
  readonly masterDatabaseUrl: string;
  /** Further settings, by variable. */
  readonly settings: Readonly<Record<string, string>>;
  /** Receives its log as JSON lines, and whatever else it says. */
  readonly logFile: string;
}

export interface ServerProcess {
  readonly pid: number;
  readonly logFile: string;
  /** Where it answers, /readyz among other things. */
  readonly url: string;
  hasEnded(): boolean;
  /** Resolves once /readyz says yes; throws with the end of the log when the process ends before, or after `timeoutMs`. */
  ready(timeoutMs: number): Promise<void>;
  /** Asks it to end, as Kubernetes does; throws when it did not end well. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const POLL_MS = 50;
const LOG_TAIL_CHARACTERS = 2000;

export const startServerProcess = async (options: ServerProcessOptions): Promise<ServerProcess> => {
  const { title, logFile, port } = options;
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  const running = startGuarded({
    command: process.execPath,
    args: [options.main],
    env: environment(options),
    errorLog: logFile,
    signal: 'TERM',
  });
  running.stdout.pipe(log);
  const pid = await running.pid;
  const url = `http://${HOST}:${port}`;
  return {
    pid,
    logFile,
    url,
    hasEnded: running.hasEnded,
    ready: async (timeoutMs) => {
      const deadline = performance.now() + timeoutMs;
      while (!(await answers(`${url}/readyz`))) {
        if (running.hasEnded()) throw new Error(`${title} ended; the end of ${logFile}:\n${await tail(logFile)}`);
        if (performance.now() > deadline) throw new Error(`${title} is not ready after ${timeoutMs / 1000} s: see ${logFile}`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
    stop: async () => {
      await running.stop();
      await finished(log.end());
      const code = await running.ended;
      if (code !== 0) throw new Error(`${title} ended with code ${code}; the end of its log:\n${await tail(logFile)}`);
    },
  };
};

/** Nothing of ours goes in but what every program needs: a setting in somebody's shell must not change what is shown. */
const environment = ({ settings, kubeconfigPath, masterDatabaseUrl, port }: ServerProcessOptions): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: process.env['HOME'],
  ...settings,
  KUBECONFIG: kubeconfigPath,
  MASTER_DATABASE_URL: masterDatabaseUrl,
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
