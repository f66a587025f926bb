// The bare limit: what PostgreSQL and the API server of this machine allow for the side effects of one tenant, with no operator logic at
// all. Nothing is looked at, nothing compared, nothing can be continued after a crash; so this is what an operator cannot beat.

import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Semaphore } from '../src/runtime/semaphore.ts';
import { isWrite } from './audit-log.ts';
import { inParallel } from './in-parallel.ts';
import { limitApi } from './limit-api.ts';
import { limitDatabase } from './limit-database.ts';
import { addedCounts, countEntries, type PostgresCounts } from './postgres-log.ts';
import type { Stage } from './stage.ts';
import { entriesByAsker, LOG_DELAY_MS, mark, requestsSince, type Mark } from './window.ts';

export interface LimitResult {
  readonly tenants: number;
  readonly seconds: number;
  /** Of each tenant from begin to end. */
  readonly latenciesMs: readonly number[];
  readonly sql: PostgresCounts;
  readonly apiWrites: number;
}

export interface LimitOptions {
  readonly tenants: number;
  /** Tenants at the same time. */
  readonly parallel: number;
  readonly signal: AbortSignal;
}

/** As many as the operator creates at the same time; more is slower. */
const CREATES_AT_ONCE = 3;

/** Removes the databases and roles it has made; that is not measured. */
export const measureLimit = async (stage: Stage, { tenants, parallel, signal }: LimitOptions): Promise<LimitResult> => {
  const run = randomBytes(3).toString('hex');
  const api = limitApi(stage.cluster.api, `limit-${run}`);
  const database = limitDatabase(stage.postgres.superuserUrl, `limit_${run}`, parallel);
  const creates = new Semaphore(CREATES_AT_ONCE);
  try {
    await Promise.all([api.prepare(tenants), database.prepare()]);
    const latenciesMs: number[] = [];
    const from = await mark(stage);
    const beganMs = performance.now();
    await inParallel(tenants, parallel, async (index) => {
      signal.throwIfAborted();
      const tenantMs = performance.now();
      await api.begin(index);
      await database.tenant(index, async (create) => await creates.run(create));
      await api.end(index);
      latenciesMs.push(performance.now() - tenantMs);
    });
    const seconds = (performance.now() - beganMs) / 1000;
    return { tenants, seconds, latenciesMs, ...(await counted(stage, from, api.namespace)) };
  } finally {
    await database.remove();
  }
};

/** From the servers' logs, as the operator's are. */
const counted = async (stage: Stage, from: Mark, namespace: string): Promise<Pick<LimitResult, 'sql' | 'apiWrites'>> => {
  const untilMs = Date.now();
  await pause(LOG_DELAY_MS);
  const { bench } = await entriesByAsker(stage, from, untilMs);
  const requests = await requestsSince(stage, from, untilMs);
  const writes = requests.filter((request) => isWrite(request) && request.object.startsWith(`${namespace}/`));
  return { sql: countEntries(bench), apiWrites: writes.length };
};

/** Two halves of one measurement. */
export const together = (a: LimitResult, b: LimitResult): LimitResult => ({
  tenants: a.tenants + b.tenants,
  seconds: a.seconds + b.seconds,
  latenciesMs: [...a.latenciesMs, ...b.latenciesMs],
  sql: addedCounts(a.sql, b.sql),
  apiWrites: a.apiWrites + b.apiWrites,
});
