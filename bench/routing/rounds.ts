// The arithmetic of interleaved rounds: who is measured when, and what many rounds say together. Pure; separate because a comparison on a
// busy machine stands and falls with it.

import { percentile } from '../percentile.ts';

/** One measurement of one server. */
export interface Load {
  readonly requests: number;
  readonly seconds: number;
  /** Answers that were no 200, and requests without an answer. */
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the server's process per request, microseconds. */
  readonly cpuMicros: number;
}

/** The middle of several rounds. */
export interface Summary {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMicros: number;
  readonly failed: number;
}

/** One server's figure as a share of another's: the middle of the rounds, and the middle half of them. */
export interface Share {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** All servers once per round, every other round backwards: what drifts during the run hits each of them alike. */
export const schedule = <T>(servers: readonly T[], rounds: number): readonly (readonly T[])[] =>
  Array.from({ length: rounds }, (_, round) => (round % 2 === 0 ? [...servers] : servers.toReversed()));

/** The value in the middle, or the mean of the two there. NaN for none. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [below = Number.NaN, above = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (below + above) / 2;
};

export const summary = (loads: readonly Load[]): Summary => ({
  requestsPerSecond: median(loads.map(rate)),
  p50Ms: median(loads.map(({ p50Ms }) => p50Ms)),
  p99Ms: median(loads.map(({ p99Ms }) => p99Ms)),
  cpuMicros: median(loads.map(({ cpuMicros }) => cpuMicros)),
  failed: loads.reduce((sum, { failed }) => sum + failed, 0),
});

/** Of the throughput, round by round against the other server's measurement in the same round, the nearest in time. */
export const shareOf = (loads: readonly Load[], others: readonly Load[]): Share => shares(loads, others, rate);

/** The same of the processor time per request, which depends less on what else the machine does. */
export const cpuShareOf = (loads: readonly Load[], others: readonly Load[]): Share => shares(loads, others, ({ cpuMicros }) => cpuMicros);

const shares = (loads: readonly Load[], others: readonly Load[], of: (load: Load) => number): Share => {
  const found = loads.flatMap((load, round) => {
    const other = others[round];
    return other === undefined ? [] : [of(load) / of(other)];
  });
  return { median: median(found), low: percentile(found, 0.25), high: percentile(found, 0.75) };
};

const rate = ({ requests, seconds }: Load): number => requests / seconds;

/**
 * Hosts in the order in which one of many connections asks for them: the same ones, mixed by the connection's number. Without that all
 * connections would begin with the first host and stay close together, all of them at one tenant at a time.
 */
export const mixedHosts = (hosts: readonly string[], connection: number): readonly string[] => {
  const mixed = [...hosts];
  let state = (connection + 1) * 0x9e3779b1;
  for (let index = mixed.length - 1; index > 0; index -= 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (index + 1));
    [mixed[index], mixed[other]] = [mixed[other] as string, mixed[index] as string];
  }
  return mixed;
};
