// What an administrator does once per cluster, and what is changed in the samples to fit this run's servers. Separate because the demo,
// `npm run dev` and the benchmarks all install in the same way.

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { DatabaseAccess, Environment } from '../cluster/environment.ts';
import { serviceOfThisMachine } from '../cluster/ingress-controller-objects.ts';
import { deployOperator } from '../cluster/operator-deployment.ts';
import { freePort } from '../free-port.ts';
import { INSTALLATION } from '../install/names.ts';
import type { Cluster } from './kubernetes.ts';
import { readManifests, type Manifest } from './manifests.ts';
import { startServerProcess } from './server-process.ts';

export const MANIFESTS = path.resolve(import.meta.dirname, '../../manifests');
const OPERATOR = path.resolve(import.meta.dirname, '../../src/main.ts');
/** The Service behind every tenant's Ingress, and what serves it. */
export const APPLICATION = 'studio-app';
export const ADMIN_SECRET = 'postgres-main-admin';

/** Namespaces, definitions and rights; not the Deployment, because the operator is started by itself. */
export const applyInstallation = async (cluster: Cluster): Promise<void> => {
  for (const manifest of await readManifests(path.join(MANIFESTS, 'install.yaml')))
    if (manifest.kind !== 'Deployment') await cluster.apply(manifest);
};

/** The samples by file name, in the order in which kubectl applies a directory. */
export const readSamples = async (): Promise<ReadonlyMap<string, readonly Manifest[]>> => {
  const directory = path.join(MANIFESTS, 'samples');
  const files = (await readdir(directory)).filter((file) => file.endsWith('.yaml')).toSorted();
  return new Map(await Promise.all(files.map(async (file) => [file, await readManifests(path.join(directory, file))] as const)));
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

/** A sample as it suits this run: the server at its addresses, the application where it runs and under this run's domain. */
export const fittedSample = (manifest: Manifest, environment: Pick<Environment, 'postgres' | 'entrance'>, baseDomain: string): Manifest => {
  const { kind, metadata } = manifest;
  if (kind === 'PostgresServer') return withAddress(manifest, environment.postgres);
  if (metadata.name !== APPLICATION) return manifest;
  const { application, className } = environment.entrance ?? {};
  if (kind === 'Service' && application !== undefined)
    return serviceOfThisMachine(metadata.name, metadata.namespace ?? '', application.port);
  if (kind !== 'Ingress') return manifest;
  const backend = { service: { name: metadata.name, port: { number: application?.port ?? 80 } } };
  const rules = [{ host: `*.${baseDomain}`, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }];
  return { ...manifest, spec: { ...(className === undefined ? {} : { ingressClassName: className }), rules } };
};

const withAddress = (manifest: Manifest, { here, inCluster }: DatabaseAccess): Manifest => {
  // The operator may run beside the cluster and its Jobs in it, where the same server has another address.
  const spec = { ...(manifest['spec'] as object), ...here, connect: inCluster, direct: inCluster, tls: { mode: 'disable' } };
  return { ...manifest, spec };
};

/** The operator's settings as they stand in the samples, but for the domain. */
export const sampleSettings = async (baseDomain: string): Promise<Settings> => {
  const manifests = [...(await readSamples()).values()].flat();
  const config = manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === INSTALLATION.configMap);
  if (config === undefined) throw new Error(`the samples have no ConfigMap ${INSTALLATION.configMap}`);
  return { ...(config['data'] as Settings), BASE_DOMAIN: baseDomain, PUBLIC_URL_SCHEME: 'http' };
};

/** What the operator must know of the way by which requests come in. */
export const entranceSettings = ({ entrance }: Pick<Environment, 'entrance'>): Settings => ({
  ...(entrance === undefined ? {} : { PUBLIC_URL_PORT: String(entrance.httpPort) }),
  ...(entrance?.className === undefined ? {} : { INGRESS_CLASS: entrance.className }),
  ...(entrance?.application === undefined ? {} : { INGRESS_SERVICE_PORT: String(entrance.application.port) }),
});

/** By variable. */
export type Settings = Readonly<Record<string, string>>;

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
