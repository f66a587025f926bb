// One of the compared servers, in a process of its own.

import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:http';
import { answer, type Handlers } from './child.ts';
import type { RoutedServer } from './routed.ts';
import type { ServeRequest } from './variants.ts';

export interface ServerUsage {
  /** User and system time so far. */
  readonly cpuMicros: number;
  /** What went wrong with requests, by SQLSTATE or code. */
  readonly errors: Readonly<Record<string, number>>;
}

export type ServerCalls = {
  /** Gives the port on 127.0.0.1. */
  readonly serve: (request: ServeRequest) => number;
  readonly usage: (input: undefined) => ServerUsage;
};

/** Longer than any pause between two requests of a client: the server's hanging up is not what is measured. */
const KEEP_ALIVE_MS = 300_000;

let errors: RoutedServer['errors'] = new Map();

const serve: Handlers<ServerCalls>['serve'] = async (request) => {
  // Each server loads its own side alone.
  if (request.source !== 'routing') {
    const { fixedPools } = await import('./fixed.ts');
    return await listening(createServer(fixedPools(request)));
  }
  const { routed } = await import('./routed.ts');
  const server = await routed(request);
  errors = server.errors;
  return await listening(createServer(server.listener));
};

const listening = async (server: Server): Promise<number> => {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  return (server.address() as AddressInfo).port;
};

const usage = async (): Promise<ServerUsage> => {
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system, errors: Object.fromEntries(errors) };
};

answer<ServerCalls>({ serve, usage });
