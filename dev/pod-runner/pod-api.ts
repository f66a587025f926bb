// The few API calls of a kubelet and a scheduler, as the pod runner needs them. Separate so that the life of a pod reads without
// clients and status codes. What matters is repeated until it succeeds: an API server that is away must not lose a pod's end.

import {
  ApiException,
  CoreV1Api,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  type V1Pod,
  type V1PodStatus,
} from '@kubernetes/client-node';
import { referencedNames, type Referenced } from './container-environment.ts';

const NODE_NAME = 'pod-runner';
const RETRY_MS = 300;
const TOKEN_SECONDS = 24 * 3600;

export interface PodApi {
  bind(pod: V1Pod): Promise<void>;
  /** Repeats until it is written or the pod is gone. */
  writeStatus(pod: V1Pod, status: V1PodStatus): Promise<void>;
  /** Tells the API server that nothing of the pod runs any more. */
  confirmDeletion(pod: V1Pod): Promise<void>;
  /** A kubeconfig with the rights of the pod's ServiceAccount, for as long as the pod is there. Undefined when the pod is gone. */
  kubeconfig(pod: V1Pod): Promise<string | undefined>;
  /** Undefined when the pod runner stops. */
  readReferenced(pod: V1Pod): Promise<Referenced | undefined>;
}

export const podApi = (config: KubeConfig, signal: AbortSignal): PodApi => {
  const core = config.makeApiClient(CoreV1Api);
  const until = async (call: () => Promise<unknown>): Promise<void> => void (await persist(call, signal));
  return {
    bind: async (pod) => {
      const binding = { metadata: identity(pod), target: { apiVersion: 'v1', kind: 'Node', name: NODE_NAME } };
      await until(async () => await core.createNamespacedPodBinding({ ...place(pod), body: binding }));
    },
    writeStatus: async (pod, status) => {
      const body = { metadata: { uid: pod.metadata?.uid }, status };
      const headers = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch);
      await until(async () => await core.patchNamespacedPodStatus({ ...place(pod), body }, headers));
    },
    confirmDeletion: async (pod) => {
      const body = { gracePeriodSeconds: 0, preconditions: { uid: identity(pod).uid } };
      await until(async () => await core.deleteNamespacedPod({ ...place(pod), body }));
    },
    kubeconfig: async (pod) => {
      const token = await persist(async () => await podToken(core, pod), signal);
      return token === undefined ? undefined : kubeconfigWith(config, token);
    },
    readReferenced: async (pod) => await persist(async () => await readReferenced(core, pod), signal),
  };
};

/** As the kubelet asks for it: it dies with the pod. */
const podToken = async (core: CoreV1Api, pod: V1Pod): Promise<string> => {
  const { namespace } = place(pod);
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', ...identity(pod) };
  const { status } = await core.createNamespacedServiceAccountToken({
    namespace,
    name: pod.spec?.serviceAccountName ?? 'default',
    body: { spec: { audiences: [], expirationSeconds: TOKEN_SECONDS, boundObjectRef } },
  });
  return status?.token ?? '';
};

const kubeconfigWith = (config: KubeConfig, token: string): string => {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig names no cluster');
  const restricted = new KubeConfig();
  restricted.loadFromClusterAndUser(cluster, { name: 'pod', token });
  return restricted.exportConfig();
};

const identity = (pod: V1Pod): { readonly name: string; readonly uid: string } => ({
  name: pod.metadata?.name ?? '',
  uid: pod.metadata?.uid ?? '',
});

const place = (pod: V1Pod): { readonly name: string; readonly namespace: string } => ({
  name: pod.metadata?.name ?? '',
  namespace: pod.metadata?.namespace ?? '',
});

/** 404: the pod is gone. 409: it is another pod of that name (uid precondition), or it is bound already. Neither needs us. */
const persist = async <T>(call: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> => {
  while (!signal.aborted) {
    try {
      return await call();
    } catch (error) {
      if (error instanceof ApiException && (error.code === 404 || error.code === 409)) return undefined;
      if (error instanceof ApiException && error.code < 500 && error.code !== 429) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  return undefined;
};

const readReferenced = async (core: CoreV1Api, pod: V1Pod): Promise<Referenced> => {
  const { namespace } = place(pod);
  const names = referencedNames(pod);
  const [secrets, configMaps, services, kubernetes] = await Promise.all([
    readAll(names.secrets, async (name) => await core.readNamespacedSecret({ name, namespace })),
    readAll(names.configMaps, async (name) => await core.readNamespacedConfigMap({ name, namespace })),
    core.listNamespacedService({ namespace }),
    core.readNamespacedService({ name: 'kubernetes', namespace: 'default' }),
  ]);
  return { secrets, configMaps, services: [...services.items, kubernetes] };
};

const readAll = async <T>(names: ReadonlySet<string>, read: (name: string) => Promise<T>): Promise<ReadonlyMap<string, T>> => {
  const found = new Map<string, T>();
  await Promise.all(
    [...names].map(async (name) => {
      try {
        found.set(name, await read(name));
      } catch (error) {
        if (!(error instanceof ApiException) || error.code !== 404) throw error;
      }
    }),
  );
  return found;
};
