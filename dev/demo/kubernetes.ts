// The cluster as an administrator with kubectl sees it: manifests, annotations, what is followed, and a ServiceAccount's kubeconfig.
// Requests go through the operator's transport, under another name and field manager.

import { writeFile } from 'node:fs/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { pino } from 'pino';
import type { KubernetesObject } from '../../src/api/object-meta.ts';
import type { Resource } from '../../src/api/resources.ts';
import { Connection } from '../../src/clients/kubernetes/connection.ts';
import { loadKubeConfig } from '../../src/clients/kubernetes/kube-config.ts';
import { KubernetesClient } from '../../src/clients/kubernetes/kubernetes-client.ts';
import type { Kubernetes } from '../../src/clients/kubernetes/kubernetes.ts';
import { listWatches } from '../../src/clients/kubernetes/list-watch.ts';
import { pathOf, queryOf } from '../../src/clients/kubernetes/paths.ts';
import { Informer } from '../../src/runtime/informer.ts';
import { noReflectorMetrics } from '../../src/runtime/metrics.ts';
import type { Request } from '../../src/runtime/reconciler.ts';
import type { Store } from '../../src/runtime/store.ts';
import { manifestVerbs, type ManifestVerbs } from './manifests.ts';

export interface Cluster extends ManifestVerbs {
  /** For reading and deleting. */
  readonly api: Kubernetes;
  annotate(resource: Resource, request: Request, annotations: Readonly<Record<string, string>>): Promise<void>;
  /** The objects of a kind in one namespace, kept fresh until the signal aborts; resolves when the first list is in. */
  follow<T extends KubernetesObject>(resource: Resource, namespace: string, signal: AbortSignal): Promise<Store<T>>;
  /** Writes a kubeconfig with a token of the ServiceAccount, good for a week. */
  writeServiceAccountKubeconfig(account: Request, file: string): Promise<void>;
  close(): Promise<void>;
}

/** `name` is who the API server's audit log and the objects' managed fields say it was. */
export const connectCluster = (kubeconfigPath: string, name: string): Cluster => {
  const connection = new Connection({ path: kubeconfigPath });
  const api = new KubernetesClient({ connection, userAgent: name, assertWritable: () => undefined });
  return {
    api,
    ...manifestVerbs(api, name),
    annotate: async (resource, request, annotations) => {
      const path = pathOf(resource, request) + queryOf({ fieldManager: name });
      await api.raw({ method: 'PATCH', path, body: { metadata: { annotations } }, contentType: 'application/merge-patch+json' });
    },
    follow: async <T extends KubernetesObject>(resource: Resource, namespace: string, signal: AbortSignal) => {
      const informer = followingInformer<T>(api, resource, namespace);
      void informer.run(signal);
      await informer.waitForSync(signal);
      return informer.store;
    },
    writeServiceAccountKubeconfig: async (account, file) => {
      const token = await serviceAccountToken(api, account);
      await writeFile(file, kubeconfigWith(kubeconfigPath, account.name, token), { mode: 0o600 });
    },
    close: async () => await connection.close(),
  };
};

const followingInformer = <T extends KubernetesObject>(api: Kubernetes, resource: Resource, namespace: string): Informer<T> =>
  new Informer<T>({
    name: resource.plural,
    listWatches: listWatches<T>(api, resource, [namespace]),
    // An API server that goes away is noticed by what stays away; the reflector comes back by itself.
    log: pino({ level: 'silent' }),
    metrics: noReflectorMetrics,
  });

const TOKEN_SECONDS = 7 * 24 * 3600;

const serviceAccountToken = async (api: Kubernetes, { namespace, name }: Request): Promise<string> => {
  const answer = await api.raw<{ readonly status: { readonly token: string } }>({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: TOKEN_SECONDS } },
  });
  return answer.status.token;
};

const kubeconfigWith = (kubeconfigPath: string, user: string, token: string): string => {
  const cluster = loadKubeConfig({ path: kubeconfigPath }).getCurrentCluster();
  if (cluster === null) throw new Error(`${kubeconfigPath} names no cluster`);
  const restricted = new KubeConfig();
  restricted.loadFromClusterAndUser(cluster, { name: user, token });
  return restricted.exportConfig();
};
