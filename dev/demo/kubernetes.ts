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
import type { Request } from '../../src/runtime/reconciler.ts';
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
  /** As `kubectl apply` without --server-side: POST when it is new, else a merge patch. A refusal reads as people get to see it. */
  applyFromClient(manifest: Manifest): Promise<void>;
  /** Deletes it and waits until it is gone, as kubectl does. */
  remove(manifest: Manifest): Promise<void>;
  annotate(resource: Resource, request: Request, annotations: Readonly<Record<string, string>>): Promise<void>;
  /** Every object of a kind, kept fresh until the signal aborts; resolves when the first list is in. */
  follow<T extends KubernetesObject>(resource: Resource, namespace: string | undefined, signal: AbortSignal): Promise<Store<T>>;
  /** Writes a kubeconfig with a token of the ServiceAccount, good for a week. */
  writeServiceAccountKubeconfig(namespace: string, name: string, file: string): Promise<void>;
  close(): Promise<void>;
}

const TOKEN_SECONDS = 7 * 24 * 3600;
const TIMEOUT_MS = 20_000;
const INTERVAL_MS = 100;

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
    applyFromClient: async (manifest) => {
      const resource = await resourceOf(manifest.apiVersion, manifest.kind);
      const { name, namespace } = manifest.metadata;
      const isNew = (await api.get(resource, { name, ...(namespace === undefined ? {} : { namespace }) })) === undefined;
      const path = pathOf(resource, { name: isNew ? undefined : name, namespace });
      const query = queryOf({ fieldManager: manager, fieldValidation: 'Strict' });
      const [method, contentType] = isNew ? (['POST', 'application/json'] as const) : (['PATCH', 'application/merge-patch+json'] as const);
      await api.raw({ method, path: path + query, body: manifest, contentType });
    },
    remove: async ({ apiVersion, kind, metadata: { name, namespace } }) => {
      const resource = await resourceOf(apiVersion, kind);
      const request = { name, ...(namespace === undefined ? {} : { namespace }) };
      await api.delete(resource, request, { propagationPolicy: 'Background' });
      const deadline = performance.now() + TIMEOUT_MS;
      while ((await api.get(resource, request)) !== undefined) {
        if (performance.now() > deadline) throw new Error(`${kind} ${name} is still there ${TIMEOUT_MS / 1000} s after its deletion`);
        await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
      }
    },
    annotate: async (resource, request, annotations) => {
      const path = pathOf(resource, request) + queryOf({ fieldManager: manager });
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
export const readManifests = async (file: string): Promise<readonly Manifest[]> => {
  const documents = parseAllDocuments(await readFile(file, 'utf8'));
  for (const { errors } of documents) if (errors[0] !== undefined) throw new Error(`${file} is not YAML`, { cause: errors[0] });
  return documents.map((document) => document.toJS() as Manifest | null).filter((manifest) => manifest !== null);
};

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
    const deadline = performance.now() + TIMEOUT_MS;
    for (;;) {
      const found = known.get(apiVersion)?.find((resource) => resource.kind === kind && !resource.name.includes('/'));
      if (found !== undefined) {
        const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
        return { group: group ?? '', version: version ?? '', plural: found.name, kind, namespaced: found.namespaced };
      }
      if (performance.now() > deadline) throw new Error(`the API server does not serve ${apiVersion} ${kind}`);
      if (known.has(apiVersion)) await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
      known.set(apiVersion, await ask(apiVersion));
    }
  };
};

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
