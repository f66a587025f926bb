import { describe, expect, it } from 'vitest';
import { comparisons, SCENARIOS, variantsOf, type Compared } from '../../../../bench/routing/overhead.ts';
import { routingTables } from '../../../../bench/routing/report.ts';
import type { RoutingResult } from '../../../../bench/routing/routing.ts';
import type { Summary } from '../../../../bench/routing/rounds.ts';

const SUMMARY: Summary = { requestsPerSecond: 6_000, p50Ms: 10, p99Ms: 20, cpuMicros: 120.4, failed: 0 };
const FIXED: Compared = { frame: 'node:http', source: 'one pool', summary: SUMMARY, share: undefined, cpuShare: undefined, loads: [] };
const routed = (share: number, summary: Partial<Summary> = {}): Compared => ({
  frame: 'node:http',
  source: 'routing',
  summary: { ...SUMMARY, ...summary },
  cpuShare: { median: 1.05, low: 1.01, high: 1.08 },
  share: { median: share, low: share - 0.01, high: share + 0.01 },
  loads: [],
});

const miss = { lookups: 1_000, totalMs: 80, p50Ms: 0.4, p99Ms: 1.2, queries: 1_000 };

const RESULT: RoutingResult = {
  kind: 'routing',
  options: { quick: false },
  overhead: [{ inUse: 1, known: 1, connectionsPerTenant: 10, servers: [FIXED, routed(0.95)] }],
  directory: { hits: [{ known: 5_000, nanoseconds: 312.4, isSync: true }], oneByOne: miss, atOnce: { ...miss, queries: 4 } },
  weight: { tenants: 10_000, heapBytes: 9_500_000, rssBytes: 20_000_000 },
  changes: { changes: 100, suspendedMs: { p50: 4, p99: 9, most: 12 }, resumedMs: { p50: 4, p99: 9, most: 1_500 } },
  masterAway: [
    {
      how: 'stopped',
      knownTenants: 20,
      requests: 1_200,
      failed: 0,
      p50Ms: 2,
      mostMs: 50,
      firstAfterMs: 3,
      unknownStatus: 404,
      unknownMs: 5,
      backMs: 900,
    },
  ],
  wakes: [
    {
      maxPools: 50,
      overMs: 60_000,
      requestsPerTenant: 3,
      tenants: 1_000,
      maxConnections: 100,
      requests: 3_000,
      failed: 1,
      statuses: { 200: 2_999, 503: 1 },
      firstP50Ms: 20,
      firstP99Ms: 60,
      laterP50Ms: 3,
      laterP99Ms: 30,
      refusedByServer: 0,
      refusedRequests: 0,
      mostConnections: 83,
    },
  ],
};

const rowsOf = (result: RoutingResult): Readonly<Record<string, readonly unknown[]>> =>
  Object.fromEntries(routingTables(result).flatMap(({ rows }) => rows.map(([name, ...cells]) => [(name as string).trim(), cells])));

describe('the servers compared', () => {
  it('are one fixed pool and routing, under each frame, when there is one tenant', () => {
    expect(variantsOf({ inUse: 1, known: 1, connectionsPerTenant: 10 }).map(({ frame, source }) => `${frame} ${source}`)).toEqual([
      'node:http one pool',
      'node:http routing',
      'Express 5 one pool',
      'Express 5 routing',
    ]);
  });

  it('have a pool for each tenant to compare with when there are more, and the single pool beside them', () => {
    expect(variantsOf({ inUse: 50, known: 100, connectionsPerTenant: 2 }).map(({ frame, source }) => `${frame} ${source}`)).toEqual([
      'node:http one pool',
      'node:http pool per tenant',
      'node:http routing',
      'Express 5 pool per tenant',
      'Express 5 routing',
    ]);
  });

  it('are compared within their frame', () => {
    const load = (requests: number) => ({ requests, seconds: 1, failed: 0, p50Ms: 1, p99Ms: 1, cpuMicros: 1_000 / requests });
    const frames = ['node:http', 'Express 5'] as const;
    const servers = frames.flatMap((frame, index) => [
      { frame, source: 'one pool', loads: [load(100 * (index + 1))] } as const,
      { frame, source: 'routing', loads: [load(50)] } as const,
    ]);
    expect(comparisons(servers).map(({ share }) => share?.median)).toEqual([undefined, 0.5, undefined, 0.25]);
    expect(comparisons(servers).map(({ cpuShare }) => cpuShare?.median)).toEqual([undefined, 2, undefined, 4]);
    expect(comparisons(servers).map(({ summary }) => summary.requestsPerSecond)).toEqual([100, 50, 200, 50]);
  });

  it('are asked about 1, 100 and 5,000 known tenants', () => {
    expect(SCENARIOS.map(({ known }) => known)).toEqual([1, 100, 5_000]);
  });
});

describe('the verdicts', () => {
  it('take 95 % of the throughput as met, and a hair less as not', () => {
    expect(rowsOf(RESULT)['node:http, routing']?.slice(-5)).toEqual(['+5.0 %', '95.0 %', '94 % - 96 %', '95 %', 'yes']);
    const slower = { ...RESULT, overhead: [{ ...RESULT.overhead[0]!, servers: [FIXED, routed(0.9499)] }] };
    expect(rowsOf(slower)['node:http, routing']?.at(-1)).toBe('NO');
  });

  it('give the fixed pools no aim of their own', () => {
    expect(rowsOf(RESULT)['node:http, one fixed pool']).toEqual(['6,000', '10.0', '20.0', 120]);
  });

  it('do not let failed requests pass for fast ones', () => {
    const failing = { ...RESULT, overhead: [{ ...RESULT.overhead[0]!, servers: [FIXED, routed(1.5, { failed: 7 })] }] };
    expect(rowsOf(failing)['node:http, routing (7 FAILED)']?.at(-1)).toBe('NO');
  });

  it('judge heap and resident memory by themselves', () => {
    expect(rowsOf(RESULT)['10,000 known tenants, heap']).toEqual(['9.5 MB', '< 20.0 MB', 'yes']);
    expect(rowsOf(RESULT)['resident']).toEqual(['20.0 MB', '< 20.0 MB', 'NO']);
  });

  it('judge a change by its slowest effect', () => {
    expect(rowsOf(RESULT)['to the first 403']).toEqual(['4.0 / 9.0 / 12.0 ms', '< 1000 ms', 'yes']);
    expect(rowsOf(RESULT)['to the first 200']?.at(-1)).toBe('NO');
  });

  it('want known tenants served without the master database, and nobody denied', () => {
    const rows = rowsOf(RESULT);
    expect(rows['not answered with 200']).toEqual(['0', '0', 'yes']);
    expect(rows['unknown host, after 5 ms']).toEqual(['404', '503', 'NO']);
  });

  it('want no refusal and no failed request when everybody wakes', () => {
    const rows = rowsOf(RESULT);
    expect(rows['"too many clients" in the log']).toEqual(['0', '0', 'yes']);
    expect(rows['"too many clients" seen by requests']).toEqual(['0', '0', 'yes']);
    expect(rows['requests not answered with 200']).toEqual(['1', '0', 'NO']);
  });
});
