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
  if (config.getCurrentCluster() === null) {
    throw new Error(`the kubeconfig names no cluster for the context "${config.getCurrentContext()}"`);
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
    config.mergeConfig(other);
  }
}
