/**
 * Prometheus and promtool as Debian packages them: a server for a test, scraping what the test runs, and the tool that checks
 * rules. Separate because tests of alerts, of dashboards and of metrics ask it different things.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { stringify } from 'yaml';

import { unpackedDebianPackages } from '../../dev/debian-packages.ts';
import { freePort } from '../../dev/free-port.ts';
import { startGuarded } from '../../dev/guarded-process.ts';
import { eventually } from './eventually.ts';

const START_TIMEOUT_MS = 30_000;
/** Short, so that a test sees changes soon; Prometheus needs two values for a rate. */
const INTERVAL = '2s';

export interface ToolResult {
  readonly code: number;
  readonly output: string;
}

/** promtool to its end, whatever that is; `input` is its standard input. */
export async function promtool(args: readonly string[], input = ''): Promise<ToolResult> {
  const { program, env } = await unpackedDebianPackages(['prometheus']);
  const running = promisify(execFile)(program('promtool'), [...args], { env, encoding: 'utf8' });
  running.child.stdin?.end(input);
  try {
    const { stdout, stderr } = await running;
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { readonly code?: unknown; readonly stdout?: string; readonly stderr?: string };
    if (typeof code !== 'number') throw error;
    return { code, output: stdout + stderr };
  }
}

/** One series of an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

export interface Prometheus extends AsyncDisposable {
  readonly url: string;
  /** An instant query; throws with what Prometheus says of it. */
  query(expression: string): Promise<readonly Sample[]>;
  alerts(): Promise<readonly FiringAlert[]>;
  /** Answers of the HTTP API, below /api/v1/. */
  api<T>(path: string): Promise<T>;
}

export interface PrometheusOptions {
  /** By job, `host:port`. */
  readonly targets: Readonly<Record<string, readonly string[]>>;
  /** Rule groups, as in a rule file. */
  readonly groups: readonly object[];
}

/** Resolves when every target has been scraped once. */
export async function startPrometheus({ targets, groups }: PrometheusOptions): Promise<Prometheus> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'studio-prometheus-'));
  const port = await freePort();
  await writeFile(path.join(directory, 'rules.yaml'), stringify({ groups }));
  await writeFile(path.join(directory, 'prometheus.yaml'), stringify(configuration(targets)));
  const { program, env } = await unpackedDebianPackages(['prometheus']);
  const running = startGuarded({
    command: program('prometheus'),
    args: [
      `--config.file=${path.join(directory, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${path.join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    env,
    errorLog: path.join(directory, 'prometheus.log'),
    signal: 'TERM',
  });
  running.stdout.resume();
  const prometheus = client(`http://127.0.0.1:${port}`, async () => {
    await running.stop();
    await rm(directory, { recursive: true, force: true });
  });
  const wanted = Object.values(targets).flat().length;
  await eventually(async () => (await prometheus.query('up == 1')).length === wanted, { timeoutMs: START_TIMEOUT_MS }).catch(
    async (error: unknown) => {
      await prometheus[Symbol.asyncDispose]();
      throw error;
    },
  );
  return prometheus;
}

function configuration(targets: PrometheusOptions['targets']): object {
  return {
    global: { scrape_interval: INTERVAL, scrape_timeout: INTERVAL, evaluation_interval: INTERVAL },
    rule_files: ['rules.yaml'],
    scrape_configs: Object.entries(targets).map(([job, addresses]) => ({ job_name: job, static_configs: [{ targets: addresses }] })),
  };
}

interface Vector {
  readonly resultType: string;
  readonly result: readonly { readonly metric: Sample['metric']; readonly value: readonly [number, string] }[];
}

function client(url: string, dispose: () => Promise<void>): Prometheus {
  const api = async <T>(query: string): Promise<T> => {
    const response = await fetch(`${url}/api/v1/${query}`);
    const body = (await response.json()) as { readonly status: string; readonly error?: string; readonly data: T };
    if (body.status !== 'success') throw new Error(`${query}: ${body.error}`);
    return body.data;
  };
  return {
    url,
    api,
    query: async (expression) => {
      const { resultType, result } = await api<Vector>(`query?query=${encodeURIComponent(expression)}`);
      if (resultType !== 'vector') throw new Error(`${expression} gives a ${resultType}`);
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    alerts: async () => (await api<{ readonly alerts: readonly FiringAlert[] }>('alerts')).alerts,
    [Symbol.asyncDispose]: dispose,
  };
}
