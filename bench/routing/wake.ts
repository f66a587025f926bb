// Many more tenants than connections: they wake one after the other, on a server that admits a hundred, and nobody may ever be told
// "too many clients". Separate from the overhead, which is about tenants that are awake.

import { setTimeout as pause } from 'node:timers/promises';
import { readFile } from 'node:fs/promises';
import { StartedParts } from '../../dev/cluster/started-parts.ts';
import { withProgress } from '../../dev/progress.ts';
import { percentile } from '../percentile.ts';
import { sampleConnections } from './connection-samples.ts';
import { startOneServer } from './one-server.ts';
import type { Platform } from './platform.ts';
import { countSqlstate, TOO_MANY_CONNECTIONS } from './sqlstate-count.ts';
import type { Wakening } from './waking.ts';

export interface WakeOptions {
  readonly overMs: number;
  readonly requestsPerTenant: number;
  /** As many as tenants: only the limit of connections is left to hold them. */
  readonly maxPools: number;
}

export interface WakeResult extends WakeOptions {
  readonly tenants: number;
  readonly maxConnections: number;
  readonly requests: number;
  /** Answered with anything but 200, or not at all. */
  readonly failed: number;
  readonly statuses: Wakening['statuses'];
  readonly firstP50Ms: number;
  readonly firstP99Ms: number;
  readonly laterP50Ms: number;
  readonly laterP99Ms: number;
  /** "Too many clients" in the server's log. */
  readonly refusedByServer: number;
  /** Requests that failed of it. */
  readonly refusedRequests: number;
  /** Of anybody but the one that counts. */
  readonly mostConnections: number;
}

export const MAX_CONNECTIONS = 100;

/** The server writes its log a moment after it has answered. */
const LOG_DELAY_MS = 500;

export const wake = async (platform: Platform, options: WakeOptions, signal: AbortSignal): Promise<WakeResult> => {
  const parts = new StartedParts();
  try {
    const logBefore = await logOf(platform);
    const what = `Waking ${platform.tenants.length} tenants in ${options.overMs / 1000} s`;
    const outcome = await withProgress(what, async () => await wokenOn(platform, options, { parts, signal }));
    await pause(LOG_DELAY_MS);
    const log = (await logOf(platform)).slice(logBefore.length);
    return { ...options, ...outcome, refusedByServer: countSqlstate(log, TOO_MANY_CONNECTIONS) };
  } finally {
    await parts.stop();
  }
};

const logOf = async ({ server }: Platform): Promise<string> => await readFile(server.logFile, 'utf8');

interface Running {
  readonly parts: StartedParts;
  readonly signal: AbortSignal;
}

type Outcome = Omit<WakeResult, keyof WakeOptions | 'refusedByServer'>;

const wokenOn = async (platform: Platform, options: WakeOptions, { parts, signal }: Running): Promise<Outcome> => {
  const { server, client, port } = await startOneServer(platform, parts, options);
  const sampling = parts.add(await sampleConnections(platform.server.superuserUrl));
  const hosts = platform.tenants.map(({ host }) => host);
  const wakening = await Promise.race([client.ask('wake', { port, hosts, ...options }), aborted(signal)]);
  const { errors } = await server.ask('usage', undefined);
  return {
    ...outcomeOf(wakening),
    tenants: hosts.length,
    maxConnections: MAX_CONNECTIONS,
    refusedRequests: errors[TOO_MANY_CONNECTIONS] ?? 0,
    mostConnections: sampling.most(),
  };
};

/** Never resolves. */
const aborted = async (signal: AbortSignal): Promise<never> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  return await promise;
};

const OK = 200;

const outcomeOf = ({ firstMs, laterMs, statuses }: Wakening) => {
  const requests = firstMs.length + laterMs.length;
  return {
    requests,
    failed: requests - (statuses[OK] ?? 0),
    statuses,
    firstP50Ms: percentile(firstMs, 0.5),
    firstP99Ms: percentile(firstMs, 0.99),
    laterP50Ms: percentile(laterMs, 0.5),
    laterP99Ms: percentile(laterMs, 0.99),
  };
};
