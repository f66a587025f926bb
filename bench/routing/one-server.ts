// One server with routing, set up as an application would set it up, and a client for it. Separate because what happens around requests
// - changes, an absent master database, a rush - is looked at on the same two.

import type { StartedParts } from '../../dev/cluster/started-parts.ts';
import { startChild, type Child } from './child.ts';
import type { ClientCalls } from './client-process.ts';
import { BASE_DOMAIN, type Platform } from './platform.ts';
import type { ServerCalls } from './server-process.ts';

/** Routing's defaults. */
export const DEFAULT_MAX_POOLS = 50;
const LIMITS = { connectionsPerTenant: 4, connections: 80 } as const;

export interface OneServer {
  readonly server: Child<ServerCalls>;
  readonly client: Child<ClientCalls>;
  readonly port: number;
}

export interface OneServerOptions {
  /** Instead of the platform's own. */
  readonly masterUrl?: string;
  readonly maxPools?: number;
}

export const startOneServer = async (
  { server: postgres, applicationUrl, tenants }: Platform,
  parts: StartedParts,
  { masterUrl = applicationUrl, maxPools = DEFAULT_MAX_POOLS }: OneServerOptions = {},
): Promise<OneServer> => {
  const server = parts.add(startChild<ServerCalls>('server-process.ts'));
  const client = parts.add(startChild<ClientCalls>('client-process.ts'));
  const port = await server.ask('serve', {
    frame: 'node:http',
    source: 'routing',
    postgres: { host: postgres.host, port: postgres.port },
    masterUrl,
    baseDomain: BASE_DOMAIN,
    tenants,
    known: [],
    maxPools,
    ...LIMITS,
  });
  return { server, client, port };
};
