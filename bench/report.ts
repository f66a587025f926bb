// The results as a small table. Pure: from numbers to lines; separate so that what was measured can be looked at without measuring.

import type { IdleResult } from './idle.ts';
import type { LimitResult } from './limit.ts';
import { addedCounts } from './postgres-log.ts';
import { percentile } from './percentile.ts';
import type { OperatorResult, ProvisionResult } from './provision.ts';
import type { Row } from '../dev/demo/table.ts';

/** Rows of name, the operator's value, the bare limit's value. */
export const provisionRows = ({ options, limit, operator }: ProvisionResult): readonly Row[] => {
  const limitRate = limit.tenants / limit.seconds;
  const speed: readonly Row[] = [
    ['tenants', operator === undefined ? '-' : options.tenants, limit.tenants],
    ['tenants per second', operator === undefined ? '-' : fixed(options.tenants / operator.seconds), fixed(limitRate)],
  ];
  if (operator === undefined) return [...speed, ['seconds per tenant, p50 / p99', '-', limitSpread(limit)]];
  const ratio = options.tenants / operator.seconds / limitRate;
  return [
    ...speed,
    ['share of the bare limit', `${Math.round(ratio * 100)} %`, '100 %'],
    ['seconds to Ready after the start, p50 / p99', spread(operator.secondsToReady), '-'],
    ['seconds per tenant, p50 / p99', spread(operator.workedSeconds), limitSpread(limit)],
    ...costRows(operator, limit, options.tenants),
  ];
};

const costRows = (operator: OperatorResult, limit: LimitResult, tenants: number): readonly Row[] => {
  const { sql } = operator;
  const ours = addedCounts(sql.operator, sql.probe);
  const per = (count: number): string => fixed(count / tenants);
  return [
    ['SQL statements per tenant', per(ours.statements), fixed(limit.sql.statements / limit.tenants)],
    ['  in round trips', per(ours.messages), fixed(limit.sql.messages / limit.tenants)],
    ['new connections per tenant', per(ours.connections), fixed(limit.sql.connections / limit.tenants)],
    ['SQL statements per migration Job', per(sql.job.statements), '-'],
    ['SQL statements once at the start', String(sql.atStart.statements), '-'],
    ['SQL errors', String(ours.errors + sql.job.errors), '-'],
    ['API writes per tenant', per(operator.apiWrites), fixed(limit.apiWrites / limit.tenants)],
    ['  refused', String(operator.apiWritesRefused), '-'],
    ['CPU seconds per tenant', optional(operator.cpuSeconds, (seconds) => (seconds / tenants).toFixed(3)), '-'],
    ['RSS, peak MB', optional(operator.rssMegabytes, (now) => `${now}, ${operator.peakRssMegabytes}`), '-'],
    ['seconds from the start of the process', fixed(operator.secondsFromStart), '-'],
  ];
};

/** Rows of name and value. */
export const idleRows = (result: IdleResult, sweepSeconds: number): readonly Row[] => {
  const sweeps = result.seconds / sweepSeconds;
  return [
    ['tenants', result.options.tenants],
    ['seconds watched', fixed(result.seconds)],
    ["API writes beyond the Lease's renewals", result.apiWrites],
    ['Lease renewals', result.leaseRenewals],
    [`SQL statements on the server per sweep (${sweepSeconds} s)`, fixed(result.server.statements / sweeps)],
    ['SQL statements on the master database per sweep', fixed(result.master.statements / sweeps)],
    ['new connections', result.server.connections + result.master.connections],
    ['login probes: logins', result.logins],
    ['login probes: new connections', result.probes.connections],
    ['login probes: SQL statements', result.probes.statements],
    ['CPU seconds per minute', optional(result.cpuSeconds, (seconds) => fixed((seconds / result.seconds) * 60))],
    ['RSS MB', optional(result.rssMegabytes, String)],
  ];
};

const limitSpread = ({ latenciesMs }: LimitResult): string => spread(latenciesMs.map((milliseconds) => milliseconds / 1000));
const spread = (seconds: readonly number[]): string => `${percentile(seconds, 0.5).toFixed(2)} / ${percentile(seconds, 0.99).toFixed(2)}`;
const fixed = (value: number): string => value.toFixed(1);
const optional = (value: number | undefined, text: (value: number) => string): string => (value === undefined ? 'unknown' : text(value));
