// The bare limit: what PostgreSQL and the API server of this machine allow for the side effects of one tenant, with no operator logic at
// all. Nothing is looked at, nothing compared, nothing can be continued after a crash; so this is what an operator cannot beat.

import { randomBytes } from 'node:crypto';
import { Semaphore } from '../src/runtime/semaphore.ts';
import { inParallel } from './in-parallel.ts';
import { limitApi } from './limit-api.ts';
import { limitDatabase } from './limit-database.ts';
import type { Stage } from './stage.ts';

export interface LimitResult {
  readonly tenants: number;
  readonly seconds: number;
  /** Of each tenant from begin to end. */
  readonly latenciesMs: readonly number[];
}

export interface LimitOptions {
  readonly tenants: number;
  /** Tenants at the same time. */
  readonly parallel: number;
  readonly signal: AbortSignal;
}

/** As many as the operator creates at the same time; more is slower. */
const CREATES_AT_ONCE = 3;

/** Removes what it has made; that is not measured. */
export const measureLimit = async (stage: Stage, { tenants, parallel, signal }: LimitOptions): Promise<LimitResult> => {
  const run = randomBytes(3).toString('hex');
  const api = limitApi(stage.cluster.api, `limit-${run}`);
  const database = limitDatabase(stage.postgres.superuserUrl, `limit_${run}`, parallel);
  const creates = new Semaphore(CREATES_AT_ONCE);
  try {
    await Promise.all([api.prepare(tenants), database.prepare()]);
    const latenciesMs: number[] = [];
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
    return { tenants, seconds, latenciesMs };
  } finally {
    await database.remove();
    await api.remove();
  }
};

/** Two halves of one measurement. */
export const together = (a: LimitResult, b: LimitResult): LimitResult => ({
  tenants: a.tenants + b.tenants,
  seconds: a.seconds + b.seconds,
  latenciesMs: [...a.latenciesMs, ...b.latenciesMs],
});
