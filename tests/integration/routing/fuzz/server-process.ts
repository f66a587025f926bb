// The server that is fuzzed, a process of its own: what it holds in memory is its own, and when it ends, it ends.

import http, { type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTenantRouting } from '../../../../src/routing/index.ts';

export interface ServerStart {
  readonly master: string;
  readonly baseDomain: string;
}

export interface ServerReport {
  /** After a collection, bytes. */
  readonly heapUsed: number;
  readonly known: number;
  readonly unknown: number;
  readonly queries: number;
  readonly isListening: boolean;
}

export interface ServerPorts {
  /** Trusts nobody's X-Forwarded-Host. */
  readonly wary: number;
  /** Trusts this machine's. */
  readonly trusting: number;
}

const { master, baseDomain } = JSON.parse(process.argv[2] ?? '{}') as ServerStart;

/** Nothing here reaches a tenant's database. */
const credentials = { get: () => Promise.reject(new Error('nobody should ask')) };

const routings = [[], ['127.0.0.1']].map((trustedProxies) => createTenantRouting({ master, baseDomain, credentials, trustedProxies }));

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

const report = (): ServerReport => {
  globalThis.gc?.();
  const stats = routings.map(({ directory }) => directory.stats());
  const sum = (key: 'known' | 'unknown' | 'queries'): number => stats.reduce((total, each) => total + each[key], 0);
  return {
    heapUsed: process.memoryUsage().heapUsed,
    known: sum('known'),
    unknown: sum('unknown'),
    queries: sum('queries'),
    isListening: stats.every(({ isListening }) => isListening),
  };
};

const ports: number[] = [];
for (const routing of routings) {
  const handler = routing.handle((request, response) =>
    response.end(`served ${request.tenant.subdomain} (${request.tenant.organizationId})`),
  );
  ports.push(await listen(http.createServer({ keepAliveTimeout: 60_000 }, handler)));
  await routing.ready();
}

process.on('message', () => process.send?.(report()));
process.on('disconnect', () => process.exit(0));
process.send?.({ wary: ports[0], trusting: ports[1] });
