// `npm run bench -- provision`: many tenants at once on fresh servers, beside what the servers alone allow.

import { POSTGRES_SERVER, STUDIO_TENANT } from '../src/api/resources.ts';
import { isTrue } from '../src/api/conditions.ts';
import type { PostgresServer } from '../src/api/postgres-server.ts';
import type { StartedParts } from '../dev/cluster/started-parts.ts';
import { withProgress } from '../dev/progress.ts';
import { countByWhat } from './audit-log.ts';
import { makeExisting } from './existing.ts';
import { measureLimit, together, type LimitResult } from './limit.ts';
import type { BenchOptions } from './options.ts';
import { countEntries, type PostgresCounts } from './postgres-log.ts';
import { countByShape } from './shapes.ts';
import { setStage, type Stage } from './stage.ts';
import { allReady, applyTenants, type ReadyTimes } from './tenants.ts';
import { mark, windowSince, type Window } from './window.ts';

export interface ProvisionResult {
  readonly kind: 'provision';
  readonly options: Pick<BenchOptions, 'tenants' | 'existing' | 'release' | 'parallel' | 'noSync'>;
  readonly limit: LimitResult;
  /** Undefined with --limit-only. */
  readonly operator: OperatorResult | undefined;
}

export interface OperatorResult {
  /** From the start of the process until the last tenant was Ready. */
  readonly secondsFromStart: number;
  /** From the first write on a tenant until the last tenant was Ready: what the bare limit measures, too. */
  readonly seconds: number;
  readonly secondsToReady: readonly number[];
  /** Of each tenant, from the operator's first write on it. */
  readonly workedSeconds: readonly number[];
  /** From the first write on a tenant on; what the operator does once when it starts is `atStart`. */
  readonly sql: Readonly<Record<'operator' | 'probe' | 'job' | 'atStart', PostgresCounts>>;
  readonly apiWrites: number;
  readonly apiWritesRefused: number;
  readonly writesByWhat: Readonly<Record<string, number>>;
  readonly statementsByShape: Readonly<Record<string, number>>;
  readonly cpuSeconds: number | undefined;
  readonly rssMegabytes: number | undefined;
  readonly peakRssMegabytes: number | undefined;
}

/** After the last tenant is Ready the operator may still have Events to send, Jobs and logins to remove. */
const TAIL_MS = 3_000;
const SERVER_TIMEOUT_MS = 60_000;

export const provision = async (options: BenchOptions, parts: StartedParts, signal: AbortSignal): Promise<ProvisionResult> => {
  const { tenants, existing, release, parallel, noSync } = options;
  const stage = await setStage(parts, options, signal);
  if (existing > 0) await prepareExisting(stage, existing, signal);
  const half = { tenants: Math.ceil(tenants / 2), parallel, signal };
  const limit = async (): Promise<LimitResult> =>
    await withProgress(`The bare limit: ${half.tenants} tenants`, async () => await measureLimit(stage, half));
  const before = await limit();
  const operator = options.limitOnly ? undefined : await measureOperator(stage, tenants, signal);
  const after = await limit();
  return { kind: 'provision', options: { tenants, existing, release, parallel, noSync }, limit: together(before, after), operator };
};

const measureOperator = async (stage: Stage, tenants: number, signal: AbortSignal): Promise<OperatorResult> => {
  await withProgress(`Applying ${tenants} tenants`, async () => await applyTenants(stage, tenants, signal));
  const from = await mark(stage);
  return await withProgress(`The operator: ${tenants} tenants`, async () => {
    const operator = await stage.startOperator();
    const ready = await allReady(stage, operator, tenants, signal);
    await new Promise((resolve) => setTimeout(resolve, TAIL_MS));
    const window = await windowSince(stage, from, operator);
    await operator.stop();
    return result(from.atMs, ready, window);
  });
};

const result = (startMs: number, ready: ReadyTimes, window: Window): OperatorResult => {
  const firstWrites = firstWriteByTenant(window);
  const firstMs = Math.min(...firstWrites.values());
  const lastMs = Math.max(...ready.values());
  const { operator, probe, job } = window.sql;
  const atWork = operator.filter(({ atMs }) => atMs >= firstMs);
  return {
    secondsFromStart: (lastMs - startMs) / 1000,
    seconds: (lastMs - firstMs) / 1000,
    secondsToReady: [...ready.values()].map((atMs) => (atMs - startMs) / 1000),
    workedSeconds: [...ready].map(([name, atMs]) => (atMs - (firstWrites.get(name) ?? startMs)) / 1000),
    sql: {
      operator: countEntries(atWork),
      probe: countEntries(probe),
      job: countEntries(job),
      atStart: countEntries(operator.filter(({ atMs }) => atMs < firstMs)),
    },
    apiWrites: window.writes.length,
    apiWritesRefused: window.refused.length,
    writesByWhat: countByWhat(window.writes),
    statementsByShape: countByShape(atWork),
    cpuSeconds: window.cpuSeconds,
    rssMegabytes: window.usage?.rssMegabytes,
    peakRssMegabytes: window.usage?.peakRssMegabytes,
  };
};

const firstWriteByTenant = ({ writes }: Window): ReadonlyMap<string, number> => {
  const first = new Map<string, number>();
  for (const { resource, object, atMs } of writes) {
    const name = object.slice(object.indexOf('/') + 1);
    if (resource.startsWith(STUDIO_TENANT.plural) && !first.has(name)) first.set(name, atMs);
  }
  return first;
};

/** The operator is at work once before, without tenants: its group and installation belong to what it finds later. */
const prepareExisting = async (stage: Stage, count: number, signal: AbortSignal): Promise<void> => {
  const operator = await stage.startOperator();
  const deadline = performance.now() + SERVER_TIMEOUT_MS;
  for (;;) {
    signal.throwIfAborted();
    const server = await stage.cluster.api.get<PostgresServer>(POSTGRES_SERVER, { name: 'main' });
    if (isTrue(server?.status?.conditions, 'Ready')) break;
    if (performance.now() > deadline) throw new Error(`the PostgresServer is not Ready after ${SERVER_TIMEOUT_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  await operator.stop();
  await makeExisting({ count, ...stage.postgres });
};
