/*
 * The HTTP server around the web application, and how it ends: first it says that it is not ready, then it takes no more,
 * then it finishes what it has. Separate because these three have an order and times of their own.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServerOptions {
  /** All addresses when undefined. */
  readonly host: string | undefined;
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** How long running requests may take to end after `stop`, milliseconds. */
  readonly gracefulStopMs: number;
}

export interface RunningServer {
  readonly port: number;
  /** Takes no more connections, finishes the requests it has; true when all of them ended in time. */
  stop(): Promise<boolean>;
}

/** Longer than proxies keep an idle connection to us (nginx 60 s, Traefik 90 s): else we close it just when they send. */
const KEEP_ALIVE_MS = 95_000;
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const IDLE_CHECK_MS = 50;

/** Rejects when it cannot listen. */
export async function startServer(listener: RequestListener, options: ServerOptions): Promise<RunningServer> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS }, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: options.port, host: options.host }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  return { port: (server.address() as AddressInfo).port, stop: async () => await stopped(server, options.gracefulStopMs) };
}

/** `close` ends the connections that are idle now; one that answers now and is kept alive becomes idle later. */
async function stopped(server: Server, gracefulStopMs: number): Promise<boolean> {
  let inTime = true;
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const limit = setTimeout(() => {
    inTime = false;
    server.closeAllConnections();
  }, gracefulStopMs);
  await new Promise<void>((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
  });
  clearTimeout(limit);
  clearInterval(idle);
  return inTime;
}
