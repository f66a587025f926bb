// A directory in a process of its own: what a lookup costs, and what known tenants weigh. Separate so that the heap holds nothing else.

import { createTenantDirectory, type TenantDirectory } from '../../src/routing/index.ts';
import { percentile } from '../percentile.ts';
import { answer, type Handlers } from './child.ts';
import { findAll, found } from './find-all.ts';
import { median } from './rounds.ts';

export interface OpenRequest {
  readonly masterUrl: string;
  readonly baseDomain: string;
  readonly maxTenants: number;
}

export interface HitCost {
  readonly nanoseconds: number;
  /** Whether each answer came at once, not as a promise. */
  readonly isSync: boolean;
}

export interface MissCost {
  readonly lookups: number;
  readonly totalMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Sent to the master database. */
  readonly queries: number;
}

export interface Weight {
  readonly tenants: number;
  readonly heapBytes: number;
  readonly rssBytes: number;
}

export type DirectoryCalls = {
  readonly open: (request: OpenRequest) => void;
  /** Of known hosts. */
  readonly hit: (request: { readonly hosts: readonly string[]; readonly lookups: number; readonly rounds: number }) => HitCost;
  /** Of hosts that were never asked for, one after the other or all at once. */
  readonly miss: (request: { readonly hosts: readonly string[]; readonly atOnce: boolean }) => MissCost;
  /** Of hosts that were never asked for. Needs --expose-gc. */
  readonly weigh: (request: { readonly hosts: readonly string[] }) => Weight;
};

let current: TenantDirectory | undefined;

const opened = (): TenantDirectory => {
  if (current === undefined) throw new Error('the directory is not open');
  return current;
};

const open = async ({ masterUrl, baseDomain, maxTenants }: OpenRequest): Promise<void> => {
  const directory = createTenantDirectory({ master: masterUrl, baseDomain, maxTenants });
  current = directory;
  await directory.ready();
};

const hit: Handlers<DirectoryCalls>['hit'] = async ({ hosts, lookups, rounds }) => {
  const directory = opened();
  await findAll(directory, hosts);
  const nanoseconds: number[] = [];
  let isSync = true;
  for (let round = 0; round < rounds; round += 1) {
    // Each request brings a string of its own, whose hash is not known yet.
    const headers = Array.from({ length: lookups }, (_, index) => Buffer.from(hosts[index % hosts.length] ?? '').toString('latin1'));
    const begin = process.hrtime.bigint();
    for (const header of headers) {
      if (directory.find(header) instanceof Promise) isSync = false;
    }
    nanoseconds.push(Number(process.hrtime.bigint() - begin) / lookups);
  }
  return { nanoseconds: median(nanoseconds), isSync };
};

const miss: Handlers<DirectoryCalls>['miss'] = async ({ hosts, atOnce }) => {
  const directory = opened();
  const { queries } = directory.stats();
  const times: number[] = [];
  const timed = async (host: string): Promise<void> => {
    const begin = performance.now();
    await found(directory, host);
    times.push(performance.now() - begin);
  };
  const begin = performance.now();
  if (atOnce) await Promise.all(hosts.map(timed));
  else for (const host of hosts) await timed(host);
  return {
    lookups: hosts.length,
    totalMs: performance.now() - begin,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    queries: directory.stats().queries - queries,
  };
};

const weigh: Handlers<DirectoryCalls>['weigh'] = async ({ hosts }) => {
  const directory = opened();
  const before = await settled();
  await findAll(directory, hosts);
  const after = await settled();
  return { tenants: hosts.length, heapBytes: after.heapUsed - before.heapUsed, rssBytes: after.rss - before.rss };
};

/** After the garbage is gone, and its pages are given back as far as the collector can. */
const settled = async (): Promise<NodeJS.MemoryUsage> => {
  for (let turn = 0; turn < 5; turn += 1) {
    if (globalThis.gc === undefined) throw new Error('started without --expose-gc');
    await globalThis.gc({ type: 'major', execution: 'async', flavor: 'last-resort' });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return process.memoryUsage();
};

answer<DirectoryCalls>({ open, hit, miss, weigh });
