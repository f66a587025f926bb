// The operator as the Deployment of the installation, for clusters with real nodes: the image of the environment, the settings in its
// ConfigMap, the master database's address in its Secret. Separate from running it as a process, which is how it goes without nodes.

import { createWriteStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { AppsV1Api, CoreV1Api, KubeConfig, KubernetesObjectApi, Log, PatchStrategy, type KubernetesObject } from '@kubernetes/client-node';
import { INSTALLATION } from '../install/names.ts';
import { deployment } from '../install/workload.ts';
import { asSeenInCluster, type Environment } from './environment.ts';

export interface DeployedOperator {
  readonly logFile: string;
  /** Resolves once its pod is ready; throws after `timeoutMs`, with what Kubernetes says about the pod. */
  ready(timeoutMs: number): Promise<void>;
  /** Removes the Deployment and waits until its pods are gone. */
  stop(): Promise<void>;
}

export interface DeploymentOptions {
  /** Settings by variable; they stand in the ConfigMap. */
  readonly settings: Readonly<Record<string, string>>;
  readonly logFile: string;
}

const FIELD_MANAGER = 'studio-dev';
const POLL_MS = 250;
const STOP_TIMEOUT_MS = 60_000;
const { namespace, name } = INSTALLATION;

/** The rest of the installation (namespaces, definitions, rights) must have been applied. */
export const deployOperator = async (environment: Environment, { settings, logFile }: DeploymentOptions): Promise<DeployedOperator> => {
  const config = new KubeConfig();
  config.loadFromFile(environment.kubeconfigPath);
  const objects = KubernetesObjectApi.makeApiClient(config);
  for (const object of operatorObjects(environment, settings)) {
    await objects.patch(object, undefined, undefined, FIELD_MANAGER, true, PatchStrategy.ServerSideApply);
  }
  const following = new AbortController();
  return {
    logFile,
    ready: async (timeoutMs) => {
      const pod = await readyPod(config, timeoutMs);
      await followLog(config, { pod, logFile, signal: following.signal });
    },
    stop: async () => {
      following.abort();
      await config.makeApiClient(AppsV1Api).deleteNamespacedDeployment({ namespace, name, propagationPolicy: 'Foreground' });
      await podsGone(config);
    },
  };
};

/** Secret, ConfigMap and Deployment; pure. */
export const operatorObjects = (
  { image, postgres }: Pick<Environment, 'image' | 'postgres'>,
  settings: Readonly<Record<string, string>>,
): readonly KubernetesObject[] => {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: INSTALLATION.masterSecret, namespace },
    stringData: { url: asSeenInCluster(postgres.masterUrl, postgres) },
  };
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: INSTALLATION.configMap, namespace }, data: settings };
  // Wherever the image is named: the container's own, and the one of migration Jobs.
  const text = JSON.stringify(deployment()).replaceAll(JSON.stringify(INSTALLATION.image), JSON.stringify(image));
  return [secret, configMap, JSON.parse(text) as KubernetesObject];
};

const operatorPods = async (config: KubeConfig) =>
  (await config.makeApiClient(CoreV1Api).listNamespacedPod({ namespace, labelSelector: `app.kubernetes.io/name=${name}` })).items;

const readyPod = async (config: KubeConfig, timeoutMs: number): Promise<string> => {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const pods = await operatorPods(config);
    const ready = pods.find(
      ({ status }) => status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true,
    );
    if (ready?.metadata?.name !== undefined) return ready.metadata.name;
    if (performance.now() > deadline) {
      const states = pods.map(({ status }) => JSON.stringify(status?.containerStatuses?.[0]?.state ?? status?.conditions ?? {}));
      throw new Error(`the operator's pod is not ready after ${timeoutMs / 1000} s: ${states.join('; ')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};

interface Following {
  readonly pod: string;
  readonly logFile: string;
  readonly signal: AbortSignal;
}

const followLog = async (config: KubeConfig, { pod, logFile, signal }: Following): Promise<void> => {
  const stream = new PassThrough();
  stream.pipe(createWriteStream(logFile, { flags: 'a', mode: 0o600 }));
  const controller = await new Log(config).log(namespace, pod, 'operator', stream, { follow: true });
  signal.addEventListener('abort', () => controller.abort(), { once: true });
};

const podsGone = async (config: KubeConfig): Promise<void> => {
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  while ((await operatorPods(config)).length > 0) {
    if (performance.now() > deadline) throw new Error(`the operator's pods are still there after ${STOP_TIMEOUT_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};
