/**
 * /livez, /readyz and /metrics on node:http. A process edge: what is healthy is decided by the checks that main.ts
 * registers, each named for what it looks at (a cache, the Lease, the master database).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Logger } from 'pino';

/** Undefined when all is well, else a sentence; without secrets, for anybody who can reach the port. */
type Check = () => string | undefined;

export interface HealthChecks {
  /** Failing means that only a restart helps: never put another system's health here. */
  readonly live: Readonly<Record<string, Check>>;
  /** Failing means not to send traffic or go on with a rollout. */
  readonly ready: Readonly<Record<string, Check>>;
}

/** What prom-client's Registry gives. */
interface MetricsSource {
  readonly contentType: string;
  metrics(): Promise<string>;
}

export interface HealthOptions {
  /** All addresses when undefined. */
  readonly host: string | undefined;
  /** 0 lets the kernel choose. */
  readonly port: number;
  readonly checks: HealthChecks;
  readonly metrics: MetricsSource;
  readonly log: Logger;
}

export interface HealthServer extends AsyncDisposable {
  readonly port: number;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const PLAIN_TEXT = 'text/plain; charset=utf-8';

/** A check or a collector threw: the asker learns that, and the log learns what. */
const UNEXPECTED: Answer = plain(500, 'this check could not be made\n');

/** Resolves when it listens; rejects when it cannot. Dispose to stop, which does not wait for idle connections. */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    void respond(options, request, response);
  });
  await listening(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => closed(server),
  };
}

async function respond(options: HealthOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, contentType, body } = await answer(options, request).catch((err: unknown) => {
    options.log.error({ err, path: request.url }, 'health request failed');
    return UNEXPECTED;
  });
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body);
}

async function answer({ checks, metrics }: HealthOptions, { method, url = '' }: IncomingMessage): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'method not allowed\n');
  const [path] = url.split('?');
  if (path === '/livez') return checked(checks.live);
  if (path === '/readyz') return checked(checks.ready);
  if (path === '/metrics') return { status: 200, contentType: metrics.contentType, body: await metrics.metrics() };
  return plain(404, 'not found\n');
}

/** The API server's own form: a line per check, so that a failing probe names its cause in the pod's events. */
function checked(checks: Readonly<Record<string, Check>>): Answer {
  const results = Object.entries(checks).map(([name, check]) => ({ name, problem: check() }));
  const lines = results.map(({ name, problem }) => (problem === undefined ? `[+]${name} ok` : `[-]${name} ${problem}`));
  const isHealthy = results.every(({ problem }) => problem === undefined);
  return plain(isHealthy ? 200 : 503, `${[...lines, isHealthy ? 'ok' : 'failed'].join('\n')}\n`);
}

function plain(status: number, body: string): Answer {
  return { status, contentType: PLAIN_TEXT, body };
}

function listening(server: Server, { host, port }: HealthOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}
