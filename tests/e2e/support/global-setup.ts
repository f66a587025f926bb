// Starts the cluster that the story is told on, once. A node of our own ends with its enclosure.

import type { TestProject } from 'vitest/node';
import { GROUND_VARIABLE, type Ground } from '../../../dev/e2e/set-up.ts';
import type { Environment } from '../../../dev/cluster/environment.ts';
import { duration, say } from '../../../dev/progress.ts';
import { inTime } from '../../support/in-time.ts';
import type { World } from './world.ts';

/** A cluster is there within two minutes; K3s may have its image to pull first. */
const START_TIMEOUT_MS = 900_000;
const ALIAS = 'docker.io/library/studio-operator:next';

export default async function globalSetup(project: TestProject): Promise<() => Promise<void>> {
  const said = process.env[GROUND_VARIABLE];
  if (said === undefined) throw new Error('these tests are run by: npm run test:e2e');
  const ground = JSON.parse(said) as Ground;
  if (ground.kind === 'none') throw new Error(ground.why);
  const { environment, alias, stop } = await inTime(
    'starting a cluster',
    START_TIMEOUT_MS,
    ground.kind === 'node' ? onNode(ground) : onK3s(),
  );
  project.provide('environment', {
    kubeconfigPath: environment.kubeconfigPath,
    auditLog: environment.auditLog ?? '',
    postgres: { ...environment.postgres.here, major: 18, ...defined(environment.postgres) },
  });
  project.provide('world', worldOf(environment, alias));
  return stop;
}

type Started = Pick<Environment, 'way' | 'kubeconfigPath' | 'postgres' | 'image' | 'entrance' | 'auditLog'>;

interface Ready {
  readonly environment: Started;
  readonly alias: string | undefined;
  stop(): Promise<void>;
}

const onNode = async ({ programs, archive, image }: Extract<Ground, { kind: 'node' }>): Promise<Ready> => {
  const { startNodeEnvironment } = await import('../../../dev/node/environment.ts');
  const onStep = (what: string, milliseconds: number): void => say(`  ${what} after ${duration(milliseconds)}`);
  const environment = await startNodeEnvironment({ programs, archive, image, alias: ALIAS, onStep });
  return { environment, alias: ALIAS, stop: environment.stop };
};

/** The same story where a Docker engine is; the upgrade then changes settings only, because K3s is handed the image under one name. */
const onK3s = async (): Promise<Ready> => {
  const { dockerCluster } = await import('../../../dev/cluster/docker.ts');
  const environment = await dockerCluster.start({ onStarted: (what, milliseconds) => say(`  ${what} after ${duration(milliseconds)}`) });
  await environment.entrance?.open({ apply: noWork, writeServiceAccountKubeconfig: noWork });
  return { environment, alias: undefined, stop: async () => await environment.stop() };
};

/** Its Ingress controller is there; it is only waited for. */
const noWork = async (): Promise<void> => await Promise.resolve();

const defined = ({ superuserUrl = '', adminUrl, masterUrl, logFile = '' }: Environment['postgres']) => ({
  superuserUrl,
  adminUrl,
  masterUrl,
  logFile,
});

const worldOf = ({ way, postgres, image, entrance }: Started, alias: string | undefined): World => {
  if (entrance === undefined) throw new Error('no requests come into this cluster');
  return {
    way: way === 'node' ? 'node' : 'docker',
    databaseHost: postgres.inCluster.host,
    databasePort: postgres.inCluster.port,
    image,
    ...(alias === undefined ? {} : { otherImage: alias }),
    httpPort: entrance.httpPort,
    ingressClass: entrance.className ?? '',
  };
};
