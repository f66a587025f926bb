// What an administrator does once per cluster, and what is changed in the samples to fit this machine. Separate because the benchmarks
// install the same way and bring tenants of their own.

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { PostgresConnection } from '../postgres.ts';
import { OPERATOR } from './expectations.ts';
import type { Cluster } from './kubernetes.ts';
import { readManifests, type Manifest } from './manifests.ts';
import { startOperator, type OperatorProcess } from './operator-process.ts';
import { OPERATOR_IMAGE, type Surroundings } from './surroundings.ts';

export const MANIFESTS = path.resolve(import.meta.dirname, '../../manifests');
export const ADMIN_SECRET = 'postgres-main-admin';

/** Namespaces, definitions and rights; not the Deployment, because the operator runs as a process beside the cluster. */
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
export const applyAdminSecret = async (cluster: Cluster, postgres: PostgresConnection): Promise<void> => {
  const { username, password } = new URL(postgres.adminUrl);
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: ADMIN_SECRET, namespace: OPERATOR.namespace },
    type: 'kubernetes.io/basic-auth',
    stringData: { username, password },
  });
};

/** A sample as it is applied here: a PostgresServer gets this machine's address, and the operator's settings this demo's domain. */
export const fitted = (manifest: Manifest, postgres: PostgresConnection, baseDomain: string): Manifest => {
  if (manifest.kind === 'PostgresServer') {
    const spec = { ...(manifest['spec'] as object), host: postgres.host, port: postgres.port, tls: { mode: 'disable' } };
    return { ...manifest, spec };
  }
  if (manifest.kind !== 'ConfigMap' || manifest.metadata.name !== OPERATOR.configMap) return manifest;
  return { ...manifest, data: { ...(manifest['data'] as object), BASE_DOMAIN: baseDomain, PUBLIC_URL_SCHEME: 'http' } };
};

export interface OperatorStart {
  readonly cluster: Cluster;
  readonly surroundings: Surroundings;
  readonly kubeconfigPath: string;
  readonly logFile: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** As the Deployment would: with its ServiceAccount's rights and the ConfigMap's settings. */
export const startInstalledOperator = async (start: OperatorStart): Promise<OperatorProcess> => {
  const { cluster, surroundings, kubeconfigPath, logFile } = start;
  await cluster.writeServiceAccountKubeconfig({ namespace: OPERATOR.namespace, name: OPERATOR.serviceAccount }, kubeconfigPath);
  return await startOperator({
    kubeconfigPath,
    masterDatabaseUrl: surroundings.postgres.masterUrl,
    settings: { OPERATOR_IMAGE, POD_NAMESPACE: OPERATOR.namespace, ...start.settings },
    logFile,
  });
};
