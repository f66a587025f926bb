import { describe, expect, it } from 'vitest';
import { cpuShareOf, median, mixedHosts, schedule, shareOf, summary, type Load } from '../../../../bench/routing/rounds.ts';

const load = (requests: number, more: Partial<Load> = {}): Load => ({
  requests,
  seconds: 2,
  failed: 0,
  p50Ms: 1,
  p99Ms: 2,
  cpuMicros: 100,
  ...more,
});

describe('the order of measurements', () => {
  it('turns round after each round, so that a drift hits all alike', () => {
    expect(schedule(['a', 'b', 'c'], 3)).toEqual([
      ['a', 'b', 'c'],
      ['c', 'b', 'a'],
      ['a', 'b', 'c'],
    ]);
  });
});

describe('the median', () => {
  it('is the value in the middle, or between the two there', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
    expect(median([])).toBeNaN();
  });
});

describe('many rounds', () => {
  it('are summed up by their medians, but a failure of any of them counts', () => {
    const loads = [load(100, { p99Ms: 9 }), load(300, { failed: 2 }), load(200, { cpuMicros: 400 })];
    expect(summary(loads)).toEqual({ requestsPerSecond: 100, p50Ms: 1, p99Ms: 2, cpuMicros: 100, failed: 2 });
  });

  it('are compared round by round: a slow moment of the machine is none of a server', () => {
    const fixed = [load(100), load(10), load(200), load(100)];
    const routed = [load(90), load(9), load(180), load(50)];
    expect(shareOf(routed, fixed)).toEqual({ median: 0.9, low: 0.5, high: 0.9 });
  });

  it('are compared by processor time as well', () => {
    expect(cpuShareOf([load(1, { cpuMicros: 110 })], [load(1, { cpuMicros: 100 })]).median).toBe(1.1);
  });

  it('may be of different length in time', () => {
    expect(shareOf([load(100, { seconds: 1 })], [load(100, { seconds: 2 })]).median).toBe(2);
  });
});

describe('the hosts of a connection', () => {
  const hosts = Array.from({ length: 50 }, (_, index) => `studio-${index}.example`);

  it('are all of them once, in the same order each time', () => {
    expect(mixedHosts(hosts, 3).toSorted()).toEqual(hosts.toSorted());
    expect(mixedHosts(hosts, 3)).toEqual(mixedHosts(hosts, 3));
    expect(mixedHosts(['only.example'], 5)).toEqual(['only.example']);
  });

  it('begin with different ones for different connections', () => {
    const first = new Set(Array.from({ length: 64 }, (_, connection) => mixedHosts(hosts, connection)[0]));
    expect(first.size).toBeGreaterThan(25);
  });
});
