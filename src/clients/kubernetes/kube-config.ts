/*
 * Where the API server is and who we are there. Separate because it is the only use of @kubernetes/client-node:
 * it reads kubeconfigs, ServiceAccount files and exec plugins; requests are our own (connection.ts says why).
 */
import { delimiter } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';

export interface KubeConfigSource {
  /** Kubeconfig file, or several as in $KUBECONFIG. Missing: the pod's ServiceAccount. */
  readonly path?: string | undefined;
  /** Missing: the kubeconfig's current one. */
  readonly context?: string | undefined;
}

/** Reads files and throws when they do not say which server to talk to: never a guess at somebody's cluster. */
export function loadKubeConfig(source: KubeConfigSource): KubeConfig {
  const config = new KubeConfig();
  if (source.path === undefined) config.loadFromCluster();
  else
    loadFiles(
      config,
      source.path.split(delimiter).filter((path) => path !== ''),
    );
  if (source.context !== undefined) config.setCurrentContext(source.context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`the kubeconfig names no cluster for the context "${config.getCurrentContext()}"`);
  // Outside a pod client-node makes https://undefined:undefined of it.
  if (!URL.canParse(cluster.server)) {
    throw new Error(source.path === undefined ? 'not in a pod, and no kubeconfig was given' : `"${cluster.server}" is no address`);
  }
  return config;
}

function loadFiles(config: KubeConfig, paths: readonly string[]): void {
  const [first, ...rest] = paths;
  if (first === undefined) throw new Error('the path of the kubeconfig is empty');
  config.loadFromFile(first);
  for (const path of rest) {
    const other = new KubeConfig();
    other.loadFromFile(path);
    // The first file that names a context decides, as for kubectl; merging would let the last one.
    const current = config.currentContext || other.currentContext;
    config.mergeConfig(other);
    config.setCurrentContext(current);
  }
}
