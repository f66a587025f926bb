// `npm run bench -- idle`: what a fleet costs while nothing happens.

import type { StartedParts } from '../dev/cluster/started-parts.ts';
import { say, withProgress } from '../dev/progress.ts';
import { countByWhat } from './audit-log.ts';
import type { BenchOptions } from './options.ts';
import { countEntries, type LogEntry, type PostgresCounts } from './postgres-log.ts';
import { countByShape } from './shapes.ts';
import { setStage } from './stage.ts';
import { allReady, applyTenants } from './tenants.ts';
import { mark, windowSince, type Window } from './window.ts';

export interface IdleResult {
  readonly kind: 'idle';
  readonly options: Pick<BenchOptions, 'tenants' | 'minutes' | 'release'>;
  readonly seconds: number;
  readonly apiWrites: number;
  readonly writesByWhat: Readonly<Record<string, number>>;
  readonly leaseRenewals: number;
  /** On the tenants' server. */
  readonly server: PostgresCounts;
  /** On the master database. */
  readonly master: PostgresCounts;
  /** As tenants. */
  readonly logins: number;
  /** Those logins, and what is looked at in and about their databases at that time. */
  readonly probes: PostgresCounts;
  readonly statementsByShape: Readonly<Record<string, number>>;
  readonly cpuSeconds: number | undefined;
  readonly rssMegabytes: number | undefined;
}

const MASTER_DATABASE = 'studio_platform_master';
const TENANT_DATABASE = /^studio_\d+_db$/;
/** Events, Jobs' remains and the first sweep after the last change. */
const SETTLING_MS = 75_000;

export const idle = async (options: BenchOptions, parts: StartedParts, signal: AbortSignal): Promise<IdleResult> => {
  const { tenants, minutes, release } = options;
  const stage = await setStage(parts, options, signal);
  await withProgress(`Applying ${tenants} tenants`, async () => await applyTenants(stage, tenants, signal));
  const operator = await stage.startOperator();
  await withProgress(`Making ${tenants} tenants`, async () => await allReady(stage, operator, tenants, signal));
  say(`Settling for ${SETTLING_MS / 1000} s`);
  await pause(SETTLING_MS, signal);
  const from = await mark(stage, operator);
  await withProgress(`Watching the steady state for ${minutes} min`, async () => await pause(minutes * 60_000, signal));
  const window = await windowSince(stage, from, operator);
  await operator.stop();
  return { kind: 'idle', options: { tenants, minutes, release }, ...result(window) };
};

const result = (window: Window): Omit<IdleResult, 'kind' | 'options'> => {
  const { operator, probe } = window.sql;
  // Questions about a single tenant are prepared under a name; a sweep's, about all of them, are not.
  const ofProbe = ({ database, prepared }: LogEntry): boolean => TENANT_DATABASE.test(database) || prepared !== undefined;
  const ofSweep = operator.filter((entry) => !ofProbe(entry));
  const onMaster = ({ database }: LogEntry): boolean => database === MASTER_DATABASE;
  return {
    seconds: window.seconds,
    apiWrites: window.writes.length,
    writesByWhat: countByWhat(window.writes),
    leaseRenewals: window.leaseRenewals,
    server: countEntries(ofSweep.filter((entry) => !onMaster(entry))),
    master: countEntries(ofSweep.filter(onMaster)),
    logins: probe.filter(({ kind }) => kind === 'connection').length,
    probes: countEntries([...probe, ...operator.filter(ofProbe)]),
    statementsByShape: countByShape(operator),
    cpuSeconds: window.cpuSeconds,
    rssMegabytes: window.usage?.rssMegabytes,
  };
};

const pause = async (milliseconds: number, signal: AbortSignal): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
};
