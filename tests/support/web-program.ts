// A program that serves HTTP, started for a test, and requests to it by host name as a proxy would hand them on. Separate from what the
// programs are: examples in several languages are asked in the same way.

import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';

import { freePort } from '../../dev/free-port.ts';
import { startGuarded } from '../../dev/guarded-process.ts';
import { until } from '../../dev/until.ts';

const START_TIMEOUT_MS = 30_000;

export interface WebAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface WebProgram extends AsyncDisposable {
  /** GET, or POST of `body` as JSON. */
  ask(host: string, target: string, body?: unknown): Promise<WebAnswer>;
  /** Asks it to end and resolves with its exit code. */
  stop(): Promise<number>;
  /** What it has said so far, on both outputs. */
  said(): Promise<string>;
}

export interface WebProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
  /** Beside HOST and PORT. */
  readonly env: Readonly<Record<string, string>>;
}

/** Resolves when it answers anything. Throws with what it said when it does not. */
export const startWebProgram = async ({ command, args, directory, env }: WebProgramOptions): Promise<WebProgram> => {
  const port = await freePort();
  const log = path.join(directory, `output-${port}.log`);
  // Both outputs in one file, in the order in which they were written.
  const running = startGuarded({
    command: '/bin/sh',
    args: ['-c', 'exec "$@" >&2', 'program', command, ...args],
    cwd: directory,
    env: { ...process.env, ...env, HOST: '127.0.0.1', PORT: String(port) },
    errorLog: log,
    signal: 'TERM',
  });
  running.stdout.resume();
  const said = async (): Promise<string> => await readFile(log, 'utf8');
  try {
    await until(async () => (await request(port, 'localhost', '/healthz')).status > 0, { of: running, timeoutMs: START_TIMEOUT_MS });
  } catch (cause) {
    await running.stop(0);
    throw new Error(`${args.join(' ')} does not answer: ${await said()}`, { cause });
  }
  const stop = async (): Promise<number> => {
    await running.stop();
    return await running.ended;
  };
  return {
    ask: async (host, target, body) => await request(port, host, target, body),
    stop,
    said,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
};

const request = async (port: number, host: string, target: string, body?: unknown): Promise<WebAnswer> => {
  const outgoing = http.request({
    host: '127.0.0.1',
    port,
    path: target,
    method: body === undefined ? 'GET' : 'POST',
    headers: { host, accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    agent: false,
    timeout: START_TIMEOUT_MS,
  });
  outgoing.once('timeout', () => outgoing.destroy(new Error('no answer')));
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const response = await answered;
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
};
