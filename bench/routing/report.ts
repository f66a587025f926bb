// The results of `bench -- routing` as tables, each figure beside its aim. Pure; separate so that the verdicts can be tested.

import type { Column, Row } from '../../dev/demo/table.ts';
import type { Spread } from './changes.ts';
import type { Absence } from './master-away.ts';
import type { Compared, ScenarioResult } from './overhead.ts';
import type { Share } from './rounds.ts';
import type { RoutingResult } from './routing.ts';
import type { Variant } from './variants.ts';
import type { WakeResult } from './wake.ts';

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** Of the fixed pools' throughput. */
const LEAST_SHARE = 0.95;
/** Of 10,000 known tenants. */
const MOST_BYTES = 20_000_000;

/** From a change to its effect. */
const MOST_STALE_MS = 1_000;

export const routingTables = (result: RoutingResult): readonly Table[] => [
  { columns: OVERHEAD_COLUMNS, rows: result.overhead.flatMap(scenarioRows) },
  {
    columns: FIGURE_COLUMNS,
    rows: [...directoryRows(result), ...changeRows(result), ...result.masterAway.flatMap(absenceRows), ...result.wakes.flatMap(wakeRows)],
  },
];

const number = (title: string): Column => ({ title, isNumber: true });

const OVERHEAD_COLUMNS: readonly Column[] = [
  { title: '' },
  ...['REQUESTS/S', 'P50 MS', 'P99 MS', 'CPU US', 'CPU', 'SHARE', 'MIDDLE HALF', 'AIM', 'MET'].map(number),
];
const FIGURE_COLUMNS: readonly Column[] = [{ title: '' }, ...['MEASURED', 'AIM', 'MET'].map(number)];

const scenarioRows = ({ inUse, known, connectionsPerTenant, servers }: ScenarioResult): readonly Row[] => [
  [`${inUse} of ${count(known)} tenants, ${inUse * connectionsPerTenant} connections`],
  ...servers.map(serverRow),
];

const serverRow = ({ summary, share, cpuShare, ...variant }: Compared): Row => [
  `  ${variantName(variant)}${summary.failed === 0 ? '' : ` (${summary.failed} FAILED)`}`,
  count(summary.requestsPerSecond),
  summary.p50Ms.toFixed(1),
  summary.p99Ms.toFixed(1),
  Math.round(summary.cpuMicros),
  ...(cpuShare === undefined ? [] : [signed(cpuShare.median - 1)]),
  ...(share === undefined ? [] : shareCells(share, summary.failed)),
];

/** A server that fails requests has nothing to be compared by. */
const shareCells = ({ median, low, high }: Share, failed: number): Row => [
  percent(median),
  `${wholePercent(low)} - ${wholePercent(high)}`,
  wholePercent(LEAST_SHARE),
  met(median >= LEAST_SHARE && failed === 0),
];

const SOURCES: Readonly<Record<Variant['source'], string>> = {
  'one pool': 'one fixed pool',
  'pool per tenant': 'fixed pools in a Map',
  routing: 'routing',
};

const variantName = ({ frame, source }: Variant): string => `${frame}, ${SOURCES[source]}`;

const directoryRows = ({ directory: { hits, oneByOne, atOnce }, weight }: RoutingResult): readonly Row[] => [
  ...hits.map(({ known, nanoseconds, isSync }): Row => [
    `lookup of ${count(known)} known hosts, ${isSync ? 'at once' : 'BY PROMISE'}`,
    `${Math.round(nanoseconds)} ns`,
  ]),
  [`${count(oneByOne.lookups)} new hosts one by one, p50 / p99`, `${oneByOne.p50Ms.toFixed(2)} / ${oneByOne.p99Ms.toFixed(2)} ms`],
  ['  queries', oneByOne.queries],
  [`${count(atOnce.lookups)} new hosts at once, all answered after`, `${atOnce.totalMs.toFixed(0)} ms`],
  ['  queries', atOnce.queries],
  figure(
    `${count(weight.tenants)} known tenants, heap`,
    megabytes(weight.heapBytes),
    `< ${megabytes(MOST_BYTES)}`,
    weight.heapBytes < MOST_BYTES,
  ),
  figure('  resident', megabytes(weight.rssBytes), `< ${megabytes(MOST_BYTES)}`, weight.rssBytes < MOST_BYTES),
];

const changeRows = ({ changes: { changes, suspendedMs, resumedMs } }: RoutingResult): readonly Row[] => [
  [`${changes} times suspended and resumed, from the commit, p50 / p99 / most`],
  figure('  to the first 403', spread(suspendedMs), `< ${MOST_STALE_MS} ms`, suspendedMs.most < MOST_STALE_MS),
  figure('  to the first 200', spread(resumedMs), `< ${MOST_STALE_MS} ms`, resumedMs.most < MOST_STALE_MS),
];

const absenceRows = (absence: Absence): readonly Row[] => [
  [`master database ${absence.how}, ${count(absence.requests)} requests of ${absence.knownTenants} known tenants`],
  figure('  not answered with 200', count(absence.failed), '0', absence.failed === 0),
  ['  first request after', `${absence.firstAfterMs.toFixed(0)} ms`],
  ['  p50 / longest', `${absence.p50Ms.toFixed(1)} / ${absence.mostMs.toFixed(0)} ms`],
  figure(`  unknown host, after ${absence.unknownMs.toFixed(0)} ms`, String(absence.unknownStatus), '503', absence.unknownStatus === 503),
  ['  unknown host 404 again, after its return', `${absence.backMs.toFixed(0)} ms`],
];

const wakeRows = (wake: WakeResult): readonly Row[] => [
  [
    `${count(wake.tenants)} tenants wake in ${wake.overMs / 1000} s, ${wake.maxConnections} connections, ${wake.maxPools} pools, requests`,
    count(wake.requests),
  ],
  figure('  "too many clients" in the log', count(wake.refusedByServer), '0', wake.refusedByServer === 0),
  figure('  "too many clients" seen by requests', count(wake.refusedRequests), '0', wake.refusedRequests === 0),
  figure('  requests not answered with 200', count(wake.failed), '0', wake.failed === 0),
  ['  first request, p50 / p99', `${wake.firstP50Ms.toFixed(1)} / ${wake.firstP99Ms.toFixed(1)} ms`],
  ['  later requests, p50 / p99', `${wake.laterP50Ms.toFixed(1)} / ${wake.laterP99Ms.toFixed(1)} ms`],
  ['  most connections at a time', wake.mostConnections],
];

const figure = (name: string, measured: string, aim: string, isMet: boolean): Row => [name, measured, aim, met(isMet)];

const spread = ({ p50, p99, most }: Spread): string => `${p50.toFixed(1)} / ${p99.toFixed(1)} / ${most.toFixed(1)} ms`;
const met = (isMet: boolean): string => (isMet ? 'yes' : 'NO');
const count = (value: number): string => Math.round(value).toLocaleString('en');
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const signed = (share: number): string => `${share < 0 ? '' : '+'}${percent(share)}`;
const wholePercent = (share: number): string => `${Math.round(share * 100)} %`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
