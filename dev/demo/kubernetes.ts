// The cluster as a person with kubectl sees it: apply, annotate, delete, read, follow, and a ServiceAccount's kubeconfig. Separate from
// the operator's client because a person writes specs and is another field manager; requests go through the same transport.

import { readFile, writeFile } from 'node:fs/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { pino } from 'pino';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../src/api/object-meta.ts';
import type { Resource } from '../../src/api/resources.ts';
import { Connection } from '../../src/clients/kubernetes/connection.ts';
import { isNotFound } from '../../src/clients/kubernetes/errors.ts';
import { KubernetesClient } from '../../src/clients/kubernetes/kubernetes-client.ts';
import type { Kubernetes } from '../../src/clients/kubernetes/kubernetes.ts';
import { listWatches } from '../../src/clients/kubernetes/list-watch.ts';
import { pathOf, queryOf } from '../../src/clients/kubernetes/paths.ts';
import { Informer } from '../../src/runtime/informer.ts';
import { noReflectorMetrics } from '../../src/runtime/metrics.ts';
import type { Store } from '../../src/runtime/store.ts';

/** What stands in a manifest: an object before the API server has seen it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

export interface Cluster {
  readonly kubeconfigPath: string;
  /** For reading and deleting. */
  readonly api: Kubernetes;
  /** Server-side apply as field manager `manager`; throws KubernetesError with the API server's sentence when it refuses. */
  apply(manifest: Manifest): Promise<KubernetesObject>;
  annotate(resource: Resource, name: string, namespace: string, annotations: Readonly<Record<string, string>>): Promise<void>;
  /** Every object of a kind, kept fresh until the signal aborts; resolves when the first list is in. */
  follow<T extends KubernetesObject>(resource: Resource, namespace: string | undefined, signal: AbortSignal): Promise<Store<T>>;
  /** Writes a kubeconfig with a token of the ServiceAccount, good for a week. */
  writeServiceAccountKubeconfig(namespace: string, name: string, file: string): Promise<void>;
  close(): Promise<void>;
}

const TOKEN_SECONDS = 7 * 24 * 3600;

export const connectCluster = (kubeconfigPath: string, manager: string): Cluster => {
  const connection = new Connection({ path: kubeconfigPath });
  const api = new KubernetesClient({ connection, userAgent: manager, assertWritable: () => undefined });
  const resourceOf = discovery(api);
  return {
    kubeconfigPath,
    api,
    apply: async (manifest) => {
      const { name, namespace } = manifest.metadata;
      const path = pathOf(await resourceOf(manifest.apiVersion, manifest.kind), { name, namespace });
      const query = queryOf({ fieldManager: manager, force: true, fieldValidation: 'Strict' });
      return await api.raw({ method: 'PATCH', path: path + query, body: manifest, contentType: 'application/apply-patch+yaml' });
    },
    annotate: async (resource, name, namespace, annotations) => {
      const path = pathOf(resource, { name, namespace }) + queryOf({ fieldManager: manager });
      await api.raw({ method: 'PATCH', path, body: { metadata: { annotations } }, contentType: 'application/merge-patch+json' });
    },
    follow: async <T extends KubernetesObject>(resource: Resource, namespace: string | undefined, signal: AbortSignal) =>
      await follow<T>(api, { resource, namespace, signal }),
    writeServiceAccountKubeconfig: async (namespace, name, file) => {
      const token = await serviceAccountToken(api, namespace, name);
      await writeFile(file, await kubeconfigWith(kubeconfigPath, name, token), { mode: 0o600 });
    },
    close: async () => await connection.close(),
  };
};

/** Every document of a YAML file. */
export const readManifests = async (file: string): Promise<readonly Manifest[]> =>
  parseAllDocuments(await readFile(file, 'utf8'))
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);

interface ResourceList {
  readonly resources: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
}

/** From apiVersion and kind to an address, as kubectl finds it: by asking. A definition just applied is served a moment later. */
const discovery = (api: Kubernetes): ((apiVersion: string, kind: string) => Promise<Resource>) => {
  const known = new Map<string, ResourceList['resources']>();
  const ask = async (apiVersion: string): Promise<ResourceList['resources']> => {
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    try {
      return (await api.raw<ResourceList>({ method: 'GET', path })).resources;
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  };
  return async (apiVersion, kind) => {
    const deadline = performance.now() + DISCOVERY_TIMEOUT_MS;
    for (;;) {
      const found = known.get(apiVersion)?.find((resource) => resource.kind === kind && !resource.name.includes('/'));
      if (found !== undefined) {
        const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
        return { group: group ?? '', version: version ?? '', plural: found.name, kind, namespaced: found.namespaced };
      }
      if (performance.now() > deadline) throw new Error(`the API server does not serve ${apiVersion} ${kind}`);
      if (known.has(apiVersion)) await new Promise((resolve) => setTimeout(resolve, DISCOVERY_INTERVAL_MS));
      known.set(apiVersion, await ask(apiVersion));
    }
  };
};

const DISCOVERY_TIMEOUT_MS = 20_000;
const DISCOVERY_INTERVAL_MS = 100;

interface Following {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly signal: AbortSignal;
}

const follow = async <T extends KubernetesObject>(api: Kubernetes, { resource, namespace, signal }: Following): Promise<Store<T>> => {
  const informer = new Informer<T>({
    name: resource.plural,
    listWatches: listWatches<T>(api, resource, namespace === undefined ? undefined : [namespace]),
    // An API server that goes away is shown by what stays away; the reflector comes back by itself.
    log: pino({ level: 'silent' }),
    metrics: noReflectorMetrics,
  });
  void informer.run(signal);
  await informer.waitForSync(signal);
  return informer.store;
};

const serviceAccountToken = async (api: Kubernetes, namespace: string, name: string): Promise<string> => {
  const answer = await api.raw<{ readonly status: { readonly token: string } }>({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: TOKEN_SECONDS } },
  });
  return answer.status.token;
};

const kubeconfigWith = async (kubeconfigPath: string, user: string, token: string): Promise<string> => {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigPath);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`${kubeconfigPath} names no cluster`);
  const restricted = new KubeConfig();
  restricted.loadFromClusterAndUser(cluster, { name: user, token });
  return restricted.exportConfig();
};
