// One measurement of one server: 64 connections, each asking again as soon as it has its answer. Separate from the process it runs in.

import autocannon from 'autocannon';
import { percentile } from '../percentile.ts';
import { PATH } from './get.ts';
import { mixedHosts, type Load } from './rounds.ts';

export interface LoadRequest {
  readonly port: number;
  /** Host headers; every connection asks for all of them in turn. */
  readonly hosts: readonly string[];
  readonly connections: number;
  /** Not counted: the connections open, and what cools down between rounds is warm again. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** What the clients see; the server's processor time is asked for elsewhere. */
export type SeenLoad = Omit<Load, 'cpuMicros'> & { readonly requestsWithWarmUp: number };

const OK = 200;

/** autocannon stops only when it takes its next sample. */
const STOP_WITHIN_MS = 50;
/** autocannon would stop by itself after so long; we stop it before. */
const SPARE_SECONDS = 30;

/** Rejects when autocannon cannot start. */
export const loaded = async (request: LoadRequest): Promise<SeenLoad> => {
  const latencies: number[] = [];
  let [failed, requestsWithWarmUp] = [0, 0];
  let isCounting = false;
  const { stop, stopped } = started(request, {
    onAnswer: (status, milliseconds) => {
      requestsWithWarmUp += 1;
      if (!isCounting) return;
      latencies.push(milliseconds);
      if (status !== OK) failed += 1;
    },
    onFailure: () => {
      if (isCounting) failed += 1;
    },
  });
  await pause(request.warmUpSeconds);
  isCounting = true;
  const begin = performance.now();
  await pause(request.seconds);
  isCounting = false;
  const seconds = (performance.now() - begin) / 1000;
  stop();
  await stopped;
  const [p50Ms, p99Ms] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
  return { requests: latencies.length, seconds, failed, p50Ms, p99Ms, requestsWithWarmUp };
};

interface Listeners {
  readonly onAnswer: (status: number, milliseconds: number) => void;
  readonly onFailure: () => void;
}

const started = (
  request: LoadRequest,
  { onAnswer, onFailure }: Listeners,
): { readonly stop: () => void; readonly stopped: Promise<void> } => {
  const ended = Promise.withResolvers<void>();
  let connection = 0;
  const instance = autocannon(
    {
      url: `http://127.0.0.1:${request.port}${PATH}`,
      connections: request.connections,
      sampleInt: STOP_WITHIN_MS,
      duration: request.warmUpSeconds + request.seconds + SPARE_SECONDS,
      setupClient: (client) => {
        client.setRequests(mixedHosts(request.hosts, connection).map((host) => ({ method: 'GET', path: PATH, headers: { host } })));
        connection += 1;
      },
    },
    (error: unknown) => {
      if (error === null || error === undefined) ended.resolve();
      else ended.reject(new Error('running autocannon', { cause: error }));
    },
  );
  instance.on('response', (_client, status, _bytes, milliseconds) => onAnswer(status, milliseconds));
  instance.on('reqError', onFailure);
  return { stop: () => instance.stop(), stopped: ended.promise };
};

const pause = async (seconds: number): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
};
