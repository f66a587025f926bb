// What requests notice of a master database that is away: tenants that are known go on, nobody else is told that he does not exist. The
// master database is on a server of its own here, so that the tenants' databases stay.

import { setTimeout as pause } from 'node:timers/promises';
import { StartedParts } from '../../dev/cluster/started-parts.ts';
import { withProgress } from '../../dev/progress.ts';
import { startSqlPlatform, type SqlPlatform } from '../../dev/sql-tenants.ts';
import { percentile } from '../percentile.ts';
import { got } from './get.ts';
import { startOneServer, type OneServer } from './one-server.ts';
import { BASE_DOMAIN, type Platform } from './platform.ts';
import { startRelay } from './relay.ts';

export interface Absence {
  /** `stopped`: the server ends and refuses connections. `silent`: connections stay, and no answer comes. */
  readonly how: 'stopped' | 'silent';
  readonly knownTenants: number;
  /** Of known tenants, one each 10 ms, from 2 s before to the end. */
  readonly requests: number;
  /** Not answered with 200. */
  readonly failed: number;
  readonly p50Ms: number;
  /** The longest that a request waited for its answer. */
  readonly mostMs: number;
  /** The first request after it was gone. */
  readonly firstAfterMs: number;
  /** Of a host that was never asked for, while it was gone. */
  readonly unknownStatus: number;
  readonly unknownMs: number;
  /** From its return until such a host is found to be nobody's. */
  readonly backMs: number;
}

const KNOWN = 20;
const BEFORE_MS = 2_000;
const EVERY_MS = 10;
const TIMEOUT_MS = 60_000;

interface Setting {
  readonly running: OneServer;
  readonly hosts: readonly string[];
  readonly awayMs: number;
}

interface Disturbance {
  readonly how: Absence['how'];
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
}

export const masterAway = async (platform: Platform, awayMs: number, signal: AbortSignal): Promise<readonly Absence[]> => {
  const parts = new StartedParts();
  try {
    const master = await startMasterCopy(platform, parts);
    const relay = parts.add(await startRelay(master.server));
    const url = new URL(master.applicationUrl);
    url.port = String(relay.port);
    const running = await startOneServer(platform, parts, { masterUrl: url.href });
    const setting: Setting = { running, hosts: platform.tenants.slice(0, KNOWN).map(({ host }) => host), awayMs };
    const stopped: Disturbance = { how: 'stopped', begin: () => master.server.halt(), end: () => master.server.resume() };
    const silent: Disturbance = { how: 'silent', begin: async () => relay.fallSilent(), end: async () => relay.speak() };
    return await withProgress('The master database away', async () => {
      const absences: Absence[] = [];
      for (const disturbance of [stopped, silent]) {
        signal.throwIfAborted();
        absences.push(await disturbed(setting, disturbance));
      }
      return absences;
    });
  } finally {
    await parts.stop();
  }
};

/** The same organizations with the same numbers, whose databases are on the platform's server. */
const startMasterCopy = async ({ sql, server, tenants }: Platform, parts: StartedParts): Promise<SqlPlatform> => {
  const copy = await startSqlPlatform();
  parts.add({ stop: async () => await copy[Symbol.asyncDispose]() });
  const subdomains = tenants.map(({ host }) => host.slice(0, -(BASE_DOMAIN.length + 1)));
  const copies = await copy.addTenants(subdomains, { database: false });
  const isSame = copies.every(({ databaseName }, index) => databaseName === tenants[index]?.database);
  if (!isSame) throw new Error('the copy of the master database has other numbers');
  await copy.master('UPDATE organizations SET database_host = $1, database_port = $2', [sql.server.host, server.port]);
  return copy;
};

const disturbed = async ({ running, hosts, awayMs }: Setting, { how, begin, end }: Disturbance): Promise<Absence> => {
  const { client, port } = running;
  for (const host of hosts) await msUntilStatus(port, () => host, 200);
  const requests = Math.floor((BEFORE_MS + awayMs) / EVERY_MS);
  const asked = Array.from({ length: requests }, (_, index) => hosts[index % hosts.length] ?? '');
  const asking = client.ask('wake', { port, hosts: asked, overMs: requests * EVERY_MS, requestsPerTenant: 1 });
  await pause(BEFORE_MS);
  await begin();
  const begun = performance.now();
  const { milliseconds: firstAfterMs } = await timedGet(port, hosts[0] ?? '');
  const unknown = await timedGet(port, nobody());
  const { firstMs, statuses } = await asking;
  await pause(Math.max(awayMs - (performance.now() - begun), 0));
  await end();
  const backMs = await msUntilStatus(port, nobody, 404);
  return {
    how,
    knownTenants: hosts.length,
    requests,
    failed: requests - (statuses[200] ?? 0),
    p50Ms: percentile(firstMs, 0.5),
    mostMs: percentile(firstMs, 1),
    firstAfterMs,
    unknownStatus: unknown.status,
    unknownMs: unknown.milliseconds,
    backMs,
  };
};

let nobodies = 0;

/** Another one each time. */
const nobody = (): string => {
  nobodies += 1;
  return `nobody-${nobodies}.${BASE_DOMAIN}`;
};

const timedGet = async (port: number, host: string): Promise<{ readonly status: number; readonly milliseconds: number }> => {
  const begin = performance.now();
  const { status } = await got({ port, host });
  return { status, milliseconds: performance.now() - begin };
};

/** Throws when the answer does not come. */
const msUntilStatus = async (port: number, host: () => string, status: number): Promise<number> => {
  const begin = performance.now();
  for (;;) {
    const answer = await got({ port, host: host() });
    const milliseconds = performance.now() - begin;
    if (answer.status === status) return milliseconds;
    if (milliseconds > TIMEOUT_MS) throw new Error(`the answer was ${answer.status}, not ${status}, for ${TIMEOUT_MS} ms`);
    await pause(EVERY_MS);
  }
};
