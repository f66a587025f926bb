// What an administrator does once per cluster. Separate because the demo, `npm run dev` and the benchmarks all install in the same way.

import path from 'node:path';
import type { DatabaseAccess, Environment } from '../cluster/environment.ts';
import { deployOperator } from '../cluster/operator-deployment.ts';
import { freePort } from '../free-port.ts';
import { INSTALLATION } from '../install/names.ts';
import type { Cluster } from './kubernetes.ts';
import { readManifests } from './manifests.ts';
import type { Settings } from './samples.ts';
import { startServerProcess } from './server-process.ts';

export const MANIFESTS = path.resolve(import.meta.dirname, '../../manifests');
const OPERATOR = path.resolve(import.meta.dirname, '../../src/main.ts');
export const ADMIN_SECRET = 'postgres-main-admin';

/** Namespaces, definitions and rights; not the Deployment, because the operator is started by itself. */
export const applyInstallation = async (cluster: Cluster): Promise<void> => {
  for (const manifest of await readManifests(path.join(MANIFESTS, 'install.yaml')))
    if (manifest.kind !== 'Deployment') await cluster.apply(manifest);
};

/** The Secret that no file holds: how the operator logs in to the server. */
export const applyAdminSecret = async (cluster: Cluster, { adminUrl }: DatabaseAccess): Promise<void> => {
  const { username, password } = new URL(adminUrl);
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: ADMIN_SECRET, namespace: INSTALLATION.namespace },
    type: 'kubernetes.io/basic-auth',
    stringData: { username: decodeURIComponent(username), password: decodeURIComponent(password) },
  });
};

export interface RunningOperator {
  readonly logFile: string;
  /** Where it runs as a process here; else a pod has it. */
  readonly process?: { readonly pid: number; readonly healthUrl: string; hasEnded(): boolean };
  ready(timeoutMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** With its ServiceAccount's rights and these settings: as a process where that can be, else as the Deployment. */
export const startInstalledOperator = async (cluster: Cluster, environment: Environment, settings: Settings): Promise<RunningOperator> => {
  const { directory, postgres, image } = environment;
  const logFile = path.join(directory, 'operator.log');
  if (!environment.operatorRunsHere) return await deployOperator(environment, { settings, logFile });
  const { namespace, name } = INSTALLATION;
  const kubeconfigPath = path.join(directory, 'operator.kubeconfig');
  await cluster.writeServiceAccountKubeconfig({ namespace, name }, kubeconfigPath);
  const running = await startServerProcess({
    title: 'the operator',
    main: OPERATOR,
    port: await freePort(),
    kubeconfigPath,
    masterDatabaseUrl: postgres.masterUrl,
    settings: { ...settings, OPERATOR_IMAGE: image, POD_NAMESPACE: namespace },
    logFile,
  });
  const { pid, url, hasEnded, ready, stop } = running;
  return { logFile, process: { pid, healthUrl: url, hasEnded }, ready, stop };
};
