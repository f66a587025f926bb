// A server of this project as a Deployment, for clusters with real nodes: applied, waited for, its first pod's log followed, removed again.
// Separate from what is applied, because the operator and the application go through the same steps.

import { createWriteStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { AppsV1Api, CoreV1Api, KubeConfig, KubernetesObjectApi, Log, PatchStrategy, type KubernetesObject } from '@kubernetes/client-node';
import type { Environment } from './environment.ts';

export interface DeployedServer {
  readonly logFile: string;
  /** Resolves once a pod is ready; throws after `timeoutMs`, with what Kubernetes says about its pods. */
  ready(timeoutMs: number): Promise<void>;
  /** Removes the Deployment and waits until its pods are gone. */
  stop(): Promise<void>;
}

export interface ServerDeployment {
  /** As sentences name it, e.g. "the operator". */
  readonly title: string;
  readonly namespace: string;
  /** Of the Deployment, and of its pods' label app.kubernetes.io/name. */
  readonly name: string;
  readonly container: string;
  /** The Deployment and what it needs, in order. */
  readonly objects: readonly KubernetesObject[];
  readonly logFile: string;
}

const FIELD_MANAGER = 'studio-dev';
const POLL_MS = 250;
const STOP_TIMEOUT_MS = 60_000;

/** What it is not part of (namespaces, definitions) must have been applied. */
export const deployServer = async (
  { kubeconfigPath }: Pick<Environment, 'kubeconfigPath'>,
  server: ServerDeployment,
): Promise<DeployedServer> => {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigPath);
  const objects = KubernetesObjectApi.makeApiClient(config);
  for (const object of server.objects) {
    await objects.patch(object, undefined, undefined, FIELD_MANAGER, true, PatchStrategy.ServerSideApply);
  }
  const following = new AbortController();
  const { name, namespace, logFile } = server;
  return {
    logFile,
    ready: async (timeoutMs) => {
      const pod = await readyPod(config, server, timeoutMs);
      await followLog(config, server, { pod, signal: following.signal });
    },
    stop: async () => {
      following.abort();
      await config.makeApiClient(AppsV1Api).deleteNamespacedDeployment({ namespace, name, propagationPolicy: 'Foreground' });
      await podsGone(config, server);
    },
  };
};

const podsOf = async (config: KubeConfig, { namespace, name }: ServerDeployment) =>
  (await config.makeApiClient(CoreV1Api).listNamespacedPod({ namespace, labelSelector: `app.kubernetes.io/name=${name}` })).items;

const readyPod = async (config: KubeConfig, server: ServerDeployment, timeoutMs: number): Promise<string> => {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const pods = await podsOf(config, server);
    const ready = pods.find(
      ({ status }) => status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true,
    );
    if (ready?.metadata?.name !== undefined) return ready.metadata.name;
    if (performance.now() > deadline) {
      const states = pods.map(({ status }) => JSON.stringify(status?.containerStatuses?.[0]?.state ?? status?.conditions ?? {}));
      throw new Error(`no pod of ${server.title} is ready after ${timeoutMs / 1000} s: ${states.join('; ')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};

interface Following {
  readonly pod: string;
  readonly signal: AbortSignal;
}

const followLog = async (config: KubeConfig, { namespace, container, logFile }: ServerDeployment, following: Following): Promise<void> => {
  const stream = new PassThrough();
  stream.pipe(createWriteStream(logFile, { flags: 'a', mode: 0o600 }));
  const controller = await new Log(config).log(namespace, following.pod, container, stream, { follow: true });
  following.signal.addEventListener('abort', () => controller.abort(), { once: true });
};

const podsGone = async (config: KubeConfig, server: ServerDeployment): Promise<void> => {
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  while ((await podsOf(config, server)).length > 0) {
    if (performance.now() > deadline) throw new Error(`the pods of ${server.title} are still there after ${STOP_TIMEOUT_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};
