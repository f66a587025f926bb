/**
 * The operator as a child process that a test may stop, kill or let crash. Separate from the installation around it,
 * because some tests run two, or one after the other.
 */
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { finished } from 'node:stream/promises';

import { type GuardedProcess, startGuarded } from '../../dev/guarded-process.ts';
import { freePort } from '../../dev/free-port.ts';
import { eventually } from './eventually.ts';

export interface OperatorUnderTestOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Another entry point than the operator's own. */
  readonly program?: string;
}

export interface OperatorUnderTest {
  readonly pid: number;
  readonly logFile: string;
  readonly healthUrl: string;
  /** Resolves with the exit code. */
  readonly ended: Promise<number>;
  /** SIGTERM, then the exit code. Nothing happens to one that has ended. */
  stop(): Promise<number>;
  /** SIGKILL. */
  kill(): Promise<void>;
  log(): Promise<string>;
  metrics(): Promise<string>;
}

const MAIN = path.resolve(import.meta.dirname, '../../src/main.ts');
const START_TIMEOUT_MS = 30_000;
const WRONG_CONFIGURATION = 2;

/** Resolves once /readyz answers yes, or the process has ended. */
export async function startOperatorUnderTest(options: OperatorUnderTestOptions): Promise<OperatorUnderTest> {
  const port = await freePort();
  const log = createWriteStream(options.logFile, { flags: 'a' });
  const running = startGuarded({
    command: process.execPath,
    args: [options.program ?? MAIN],
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      // Halves the time to start; where Node itself would put it.
      NODE_COMPILE_CACHE: path.join(os.tmpdir(), 'node-compile-cache'),
      ...options.env,
      LISTEN_HOST: '127.0.0.1',
      LISTEN_PORT: String(port),
      LOG_FORMAT: 'json',
    },
    errorLog: options.logFile,
    signal: 'TERM',
  });
  running.stdout.pipe(log);
  const operator = await controls(running, { logFile: options.logFile, port, close: () => finished(log.end()) });
  await eventually(async () => running.hasEnded() || (await isReady(operator.healthUrl)), { timeoutMs: START_TIMEOUT_MS });
  // A test may want it to crash, but never to be misunderstood.
  if (running.hasEnded() && (await running.ended) === WRONG_CONFIGURATION) throw new Error(await operator.log());
  return operator;
}

async function controls(
  running: GuardedProcess,
  { logFile, port, close }: { readonly logFile: string; readonly port: number; readonly close: () => Promise<unknown> },
): Promise<OperatorUnderTest> {
  const healthUrl = `http://127.0.0.1:${port}`;
  return {
    pid: await running.pid,
    logFile,
    healthUrl,
    ended: running.ended,
    stop: async () => {
      await running.stop();
      await close();
      return await running.ended;
    },
    kill: async () => {
      await running.kill();
      await running.ended;
    },
    log: () => readFile(logFile, 'utf8'),
    metrics: async () => await (await fetch(`${healthUrl}/metrics`)).text(),
  };
}

async function isReady(healthUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${healthUrl}/readyz`, { signal: AbortSignal.timeout(1_000) })).ok;
  } catch {
    return false;
  }
}
