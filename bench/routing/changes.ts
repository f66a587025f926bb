// How long a suspended tenant goes on being served: from the commit in the master database to the first refusal by HTTP.

import pg from 'pg';
import { StartedParts } from '../../dev/cluster/started-parts.ts';
import { withProgress } from '../../dev/progress.ts';
import { percentile } from '../percentile.ts';
import { got } from './get.ts';
import { startOneServer } from './one-server.ts';
import type { Platform } from './platform.ts';

export interface ChangesResult {
  readonly changes: number;
  /** From the commit to the whole 403, milliseconds. */
  readonly suspendedMs: Spread;
  /** From the commit to the whole 200. */
  readonly resumedMs: Spread;
}

export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

const TIMEOUT_MS = 30_000;

/** Suspends and resumes a tenant so many times, one after the other, while it is asked for without a pause. */
export const changes = async (platform: Platform, count: number, signal: AbortSignal): Promise<ChangesResult> => {
  const parts = new StartedParts();
  try {
    const { port } = await startOneServer(platform, parts);
    const master = new pg.Client({ connectionString: platform.sql.masterUrl });
    await master.connect();
    parts.add({ stop: async () => await master.end() });
    return await withProgress(`${count} suspensions`, async () => await suspended(platform, { port, master, signal }, count));
  } finally {
    await parts.stop();
  }
};

interface Setting {
  readonly port: number;
  readonly master: pg.Client;
  readonly signal: AbortSignal;
}

const suspended = async ({ tenants }: Platform, { port, master, signal }: Setting, count: number): Promise<ChangesResult> => {
  const [tenant] = tenants;
  if (tenant === undefined) throw new Error('nobody to suspend');
  const { host, organizationId } = tenant;
  const become = async (status: string, answer: number): Promise<number> => {
    signal.throwIfAborted();
    await master.query('UPDATE organizations SET status = $2 WHERE id = $1', [organizationId, status]);
    return await msUntil(port, host, answer);
  };
  await msUntil(port, host, 200);
  const [suspendedMs, resumedMs]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < count; turn += 1) {
    suspendedMs.push(await become('suspended', 403));
    resumedMs.push(await become('active', 200));
  }
  return { changes: count, suspendedMs: spread(suspendedMs), resumedMs: spread(resumedMs) };
};

/** Throws when the answer does not come. */
const msUntil = async (port: number, host: string, answer: number): Promise<number> => {
  const begin = performance.now();
  for (;;) {
    const { status } = await got({ port, host });
    const milliseconds = performance.now() - begin;
    if (status === answer) return milliseconds;
    if (milliseconds > TIMEOUT_MS) throw new Error(`${host} was answered with ${status}, not ${answer}, for ${TIMEOUT_MS} ms`);
  }
};

const spread = (values: readonly number[]): Spread => ({
  p50: percentile(values, 0.5),
  p99: percentile(values, 0.99),
  most: percentile(values, 1),
});
