// The servers that the operator works with: a cluster, somebody who runs its pods, and PostgreSQL. Started side by side; separate so that
// the demo and the benchmarks start and stop them in the same way.

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { loadKubeConfig } from '../../src/clients/kubernetes/kube-config.ts';
import { startControlPlane } from '../cluster/control-plane.ts';
import { operatorImage } from '../pod-runner/images.ts';
import { startPodRunner } from '../pod-runner/pod-runner.ts';
import { startPostgres, type PostgresConnection } from '../postgres.ts';

export interface Surroundings {
  readonly kubeconfigPath: string;
  readonly postgres: PostgresConnection;
  /** One JSON line per API request. */
  readonly auditLog: string;
  /** For files that go with the run; logs among them. */
  readonly directory: string;
  stop(): Promise<void>;
}

export interface SurroundingsOptions {
  readonly postgresSettings?: Readonly<Record<string, string>>;
  /** Called with the name of each part and how long it took. */
  readonly onStarted?: (what: string, milliseconds: number) => void;
}

/** What must be undone, newest first. */
class Started {
  readonly #stops: (() => Promise<void>)[] = [];

  add<T extends { stop(): Promise<void> }>(part: T): T {
    this.#stops.unshift(async () => await part.stop());
    return part;
  }

  async stop(): Promise<void> {
    // Each is stopped, whatever another one's end says.
    const failures: unknown[] = [];
    for (const stop of this.#stops.splice(0)) await stop().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be stopped');
  }
}

/** Throws when one of them cannot start; then none is left running. */
export const startSurroundings = async (options: SurroundingsOptions = {}): Promise<Surroundings> => {
  const started = new Started();
  const directory = await mkdtemp(path.join(os.tmpdir(), 'studio-demo-'));
  started.add({ stop: async () => await rm(directory, { recursive: true, force: true }) });
  const auditLog = path.join(directory, 'audit.log');
  const timed = timer(options.onStarted);
  const cluster = timed('Kubernetes', async () => {
    const controlPlane = started.add(await startControlPlane({ auditLog }));
    started.add(await startPodRunner({ kubeConfig: loadKubeConfig({ path: controlPlane.kubeconfigPath }), images: LOCAL_IMAGES }));
    return controlPlane;
  });
  const postgres = timed('PostgreSQL', async () => {
    const settings = options.postgresSettings;
    return started.add(await startPostgres(settings === undefined ? {} : { settings }));
  });
  const results = await Promise.allSettled([cluster, postgres]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await started.stop();
    throw failed.reason;
  }
  await mkdir(path.join(directory, 'logs'));
  return {
    kubeconfigPath: (await cluster).kubeconfigPath,
    postgres: await postgres,
    auditLog,
    directory,
    stop: async () => await started.stop(),
  };
};

/** The name under which the operator asks for its own image. */
export const OPERATOR_IMAGE = 'studio-operator:dev';
const LOCAL_IMAGES = { [OPERATOR_IMAGE]: operatorImage() };

const timer =
  (onStarted: SurroundingsOptions['onStarted']) =>
  async <T>(what: string, start: () => Promise<T>): Promise<T> => {
    const beginMs = performance.now();
    const result = await start();
    onStarted?.(what, performance.now() - beginMs);
    return result;
  };
