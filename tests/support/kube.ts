// Kubernetes for tests: the administrator's client, a namespace per test, objects from YAML, and a kubeconfig for a ServiceAccount.
// Separate from the operator's own client so that a mistake in that one cannot hide itself.

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ApiException, CoreV1Api, KubeConfig, KubernetesObjectApi, PatchStrategy, loadAllYaml } from '@kubernetes/client-node';
import { environment } from './environment.ts';

/** As loosely typed as what comes over the wire. */
export interface AnyObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; uid?: string; resourceVersion?: string; [field: string]: unknown };
  // oxlint-disable-next-line no-explicit-any -- tests reach into objects of every kind
  [field: string]: any;
}

export type ObjectReference = Pick<AnyObject, 'apiVersion' | 'kind'> & { readonly metadata: { name: string; namespace?: string } };

export const adminKubeConfig = (): KubeConfig => {
  const config = new KubeConfig();
  config.loadFromFile(environment().kubeconfigPath);
  return config;
};

const api = (config: KubeConfig): KubernetesObjectApi => KubernetesObjectApi.makeApiClient(config);

/** Server-side apply as field manager "test", like `kubectl apply --server-side --force-conflicts`. Rejects with an ApiException. */
export const applyObject = async (object: AnyObject, config = adminKubeConfig()): Promise<AnyObject> =>
  await api(config).patch<AnyObject>(object, undefined, undefined, 'test', true, PatchStrategy.ServerSideApply);

/** Applies every document of a YAML text in order. Namespaced objects without a namespace go into `namespace`. */
export const applyYaml = async (text: string, namespace?: string, config = adminKubeConfig()): Promise<readonly AnyObject[]> => {
  const applied: AnyObject[] = [];
  for (const document of loadAllYaml(text) as (AnyObject | null)[]) {
    if (document === null) continue;
    if (namespace !== undefined) document.metadata.namespace ??= namespace;
    applied.push(await applyObject(document, config));
  }
  return applied;
};

export const applyFile = async (file: string, namespace?: string, config = adminKubeConfig()): Promise<readonly AnyObject[]> =>
  await applyYaml(await readFile(file, 'utf8'), namespace, config);

/** Undefined when it does not exist. */
export const readObject = async (reference: ObjectReference, config = adminKubeConfig()): Promise<AnyObject | undefined> =>
  await orAbsent(async () => await api(config).read<AnyObject>(reference));

/** Objects of one kind, in one namespace or in all. */
export const listObjects = async (apiVersion: string, kind: string, namespace?: string): Promise<readonly AnyObject[]> =>
  (await api(adminKubeConfig()).list(apiVersion, kind, namespace)).items as unknown as AnyObject[];

/** With background propagation, as kubectl does it; an absent object is fine. */
export const deleteObject = async (reference: ObjectReference, config = adminKubeConfig()): Promise<void> => {
  await orAbsent(async () => await api(config).delete(reference, undefined, undefined, undefined, undefined, 'Background'));
};

const orAbsent = async <T>(call: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return undefined;
    throw error;
  }
};

export interface TestNamespace extends AsyncDisposable {
  readonly name: string;
}

/** A namespace that nobody else uses. `await using` asks for its deletion and does not wait for it. */
export const freshNamespace = async (prefix = 'test'): Promise<TestNamespace> => {
  const name = `${prefix}-${randomBytes(5).toString('hex')}`;
  const reference = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  await applyObject(reference);
  return { name, [Symbol.asyncDispose]: async () => await deleteObject(reference) };
};

/** The same server with the rights of a ServiceAccount; its token is good for an hour. */
export const serviceAccountKubeConfig = async (namespace: string, name: string): Promise<KubeConfig> => {
  const admin = adminKubeConfig();
  const request = await admin
    .makeApiClient(CoreV1Api)
    .createNamespacedServiceAccountToken({ namespace, name, body: { spec: { audiences: [], expirationSeconds: 3600 } } });
  const cluster = admin.getCurrentCluster();
  const token = request.status?.token;
  if (cluster === null || token === undefined) throw new Error(`no token for ServiceAccount ${namespace}/${name}`);
  const config = new KubeConfig();
  config.loadFromClusterAndUser(cluster, { name, token });
  return config;
};
