// What happened between two moments: marks in both servers' logs and the process's clock, and the difference. Separate because both
// benchmarks count a window, and neither may count what came before it.

import { setTimeout as pause } from 'node:timers/promises';
import { stat } from 'node:fs/promises';
import type { RunningOperator } from '../dev/demo/install.ts';
import { isLeaseRenewal, isWrite, readAuditLog, type ApiRequest } from './audit-log.ts';
import { readPostgresLog, type Asker, type LogEntry } from './postgres-log.ts';
import { processUsage, type ProcessUsage } from './process-usage.ts';
import type { Stage } from './stage.ts';

export interface Mark {
  readonly atMs: number;
  readonly postgresBytes: number;
  readonly auditBytes: number;
  readonly usage: ProcessUsage | undefined;
}

export interface Window {
  readonly seconds: number;
  readonly sql: Readonly<Record<Asker, readonly LogEntry[]>>;
  /** By the operator; reads and the Lease's renewals are not among them. */
  readonly writes: readonly ApiRequest[];
  readonly leaseRenewals: number;
  /** Writes that the API server refused. */
  readonly refused: readonly ApiRequest[];
  readonly cpuSeconds: number | undefined;
  readonly usage: ProcessUsage | undefined;
}

/** As the audit log names the operator. */
export const OPERATOR_USER = 'system:serviceaccount:studio-system:studio-operator';
/** Both servers write their logs a moment after they have answered. */
export const LOG_DELAY_MS = 1_000;

export const mark = async ({ postgres, auditLog }: Stage, operator?: RunningOperator): Promise<Mark> => ({
  atMs: Date.now(),
  postgresBytes: await bytes(postgres.logFile),
  auditBytes: await bytes(auditLog),
  usage: operator?.process === undefined ? undefined : await processUsage(operator.process.pid),
});

const bytes = async (file: string): Promise<number> => (await stat(file)).size;

/** From the mark until now. */
export const windowSince = async (stage: Stage, from: Mark, operator: RunningOperator): Promise<Window> => {
  const seconds = (Date.now() - from.atMs) / 1000;
  const usage = operator.process === undefined ? undefined : await processUsage(operator.process.pid);
  const untilMs = Date.now();
  await pause(LOG_DELAY_MS);
  const requests = (await requestsSince(stage, from, untilMs)).filter(({ user }) => user === OPERATOR_USER);
  const writes = requests.filter(isWrite);
  return {
    seconds,
    sql: await entriesByAsker(stage, from, untilMs),
    writes: writes.filter((request) => !isLeaseRenewal(request)),
    leaseRenewals: writes.filter(isLeaseRenewal).length,
    refused: writes.filter(({ code }) => code >= 400),
    cpuSeconds: usage === undefined ? undefined : usage.cpuSeconds - (from.usage?.cpuSeconds ?? 0),
    usage,
  };
};

export const requestsSince = async (stage: Stage, from: Mark, untilMs: number): Promise<readonly ApiRequest[]> => {
  const requests: ApiRequest[] = [];
  for await (const request of readAuditLog(stage.auditLog, from.auditBytes)) {
    if (request.atMs <= untilMs) requests.push(request);
  }
  return requests;
};

export const entriesByAsker = async (stage: Stage, from: Mark, untilMs: number): Promise<Window['sql']> => {
  const sql: Record<Asker, LogEntry[]> = { operator: [], probe: [], job: [], bench: [], other: [] };
  for await (const entry of readPostgresLog(stage.postgres.logFile, from.postgresBytes)) {
    if (entry.atMs <= untilMs) sql[entry.asker].push(entry);
  }
  return sql;
};
