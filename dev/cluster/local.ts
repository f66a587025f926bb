// The way to an environment that needs nothing but this machine: the control plane and PostgreSQL as local programs, pods as local
// processes.

import path from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { INSTALLATION } from '../install/names.ts';
import { operatorImage } from '../pod-runner/images.ts';
import { startPodRunner } from '../pod-runner/pod-runner.ts';
import { startPostgres, type PostgresServer } from '../postgres.ts';
import { scratchDirectory } from '../scratch-directory.ts';
import { startControlPlane } from './control-plane.ts';
import type { DatabaseAccess, Environment, StartOptions, Strategy } from './environment.ts';
import { localEntrance } from './local-entrance.ts';
import { allStarted, StartedParts, timed } from './started-parts.ts';

/** The name under which the operator asks for its own image. */
export const LOCAL_IMAGE = 'studio-operator:dev';

export const localCluster: Strategy = {
  start: async (options) => {
    const parts = new StartedParts();
    return await parts.orStop(async () => await start(parts, options));
  },
};

const start = async (parts: StartedParts, { postgresSettings, onStarted }: StartOptions): Promise<Environment> => {
  const { path: directory } = parts.add(await scratchDirectory('studio-run-'));
  const auditLog = path.join(directory, 'audit.log');
  const [kubeconfigPath, postgres] = await allStarted(
    timed('Kubernetes', onStarted, async () => await startCluster(parts, auditLog)),
    timed('PostgreSQL', onStarted, async () => {
      return parts.add(await startPostgres(postgresSettings === undefined ? {} : { settings: postgresSettings }));
    }),
  );
  const stop = async (): Promise<void> => await parts.stop();
  return {
    way: 'local',
    kubeconfigPath,
    postgres: access(postgres),
    auditLog,
    image: LOCAL_IMAGE,
    operatorRunsHere: true,
    entrance: await localEntrance({ parts, directory, namespaces: [INSTALLATION.tenantNamespace] }),
    directory,
    stop,
    [Symbol.asyncDispose]: stop,
  };
};

const startCluster = async (parts: StartedParts, auditLog: string): Promise<string> => {
  const { kubeconfigPath } = parts.add(await startControlPlane({ auditLog }));
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(kubeconfigPath);
  parts.add(await startPodRunner({ kubeConfig, images: { [LOCAL_IMAGE]: operatorImage() } }));
  return kubeconfigPath;
};

const access = ({ host, port, adminUrl, masterUrl, superuserUrl, logFile }: PostgresServer): DatabaseAccess => ({
  here: { host, port },
  inCluster: { host, port },
  adminUrl,
  masterUrl,
  superuserUrl,
  logFile,
});
