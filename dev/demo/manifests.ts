// Manifests as kubectl handles them: read from files, addressed by asking the API server, applied, deleted. Separate because a person
// writes specs, and the operator's own client has no verb for that.

import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import type { Resource } from '../../src/api/resources.ts';
import { isNotFound } from '../../src/clients/kubernetes/errors.ts';
import type { Kubernetes } from '../../src/clients/kubernetes/kubernetes.ts';
import { pathOf, queryOf } from '../../src/clients/kubernetes/paths.ts';
import type { Request } from '../../src/runtime/reconciler.ts';

/** An object before the API server has seen it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

/** All refuse with a KubernetesError that carries the API server's sentence. */
export interface ManifestVerbs {
  /** Server-side apply. */
  apply(manifest: Manifest): Promise<void>;
  /** As `kubectl apply` without --server-side: POST when it is new, else a merge patch. A refusal reads as people get to see it. */
  applyFromClient(manifest: Manifest): Promise<void>;
  /** Deletes it and waits until it is gone, as kubectl does. */
  remove(manifest: Manifest): Promise<void>;
}

const TIMEOUT_MS = 60_000;
const INTERVAL_MS = 100;

/** Every document of a YAML file. */
export const readManifests = async (file: string): Promise<readonly Manifest[]> => {
  const documents = parseAllDocuments(await readFile(file, 'utf8'));
  for (const { errors } of documents) if (errors[0] !== undefined) throw new Error(`${file} is not YAML`, { cause: errors[0] });
  return documents.map((document) => document.toJS() as Manifest | null).filter((manifest) => manifest !== null);
};

export const manifestVerbs = (api: Kubernetes, fieldManager: string): ManifestVerbs => {
  const resourceOf = discovery(api);
  return {
    apply: async (manifest) => {
      const path = pathOf(await resourceOf(manifest), manifest.metadata);
      const query = queryOf({ fieldManager, force: true, fieldValidation: 'Strict' });
      await api.raw({ method: 'PATCH', path: path + query, body: manifest, contentType: 'application/apply-patch+yaml' });
    },
    applyFromClient: async (manifest) => {
      const resource = await resourceOf(manifest);
      const isNew = (await api.get(resource, requestOf(manifest))) === undefined;
      const path = pathOf(resource, { ...requestOf(manifest), ...(isNew ? { name: undefined } : {}) });
      const query = queryOf({ fieldManager, fieldValidation: 'Strict' });
      const [method, contentType] = isNew ? (['POST', 'application/json'] as const) : (['PATCH', 'application/merge-patch+json'] as const);
      await api.raw({ method, path: path + query, body: manifest, contentType });
    },
    remove: async (manifest) => {
      const resource = await resourceOf(manifest);
      await api.delete(resource, requestOf(manifest), { propagationPolicy: 'Background' });
      const isGone = async (): Promise<boolean> => (await api.get(resource, requestOf(manifest))) === undefined;
      await inTime(isGone, `${manifest.kind} ${manifest.metadata.name} is still there`);
    },
  };
};

const requestOf = ({ metadata: { name, namespace } }: Manifest): Request => ({ name, ...(namespace === undefined ? {} : { namespace }) });

interface ResourceList {
  readonly resources: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
}

/** From apiVersion and kind to an address. A definition just applied is served a moment later. */
const discovery = (api: Kubernetes): ((manifest: Manifest) => Promise<Resource>) => {
  const known = new Map<string, Resource>();
  const ask = async (apiVersion: string, kind: string): Promise<boolean> => {
    const list = await resourceList(api, apiVersion);
    const [version = '', group = ''] = apiVersion.split('/').toReversed();
    for (const { name, kind: served, namespaced } of list.resources) {
      if (!name.includes('/')) known.set(`${apiVersion} ${served}`, { group, version, plural: name, kind: served, namespaced });
    }
    return known.has(`${apiVersion} ${kind}`);
  };
  return async ({ apiVersion, kind }) => {
    const found = (): Resource | undefined => known.get(`${apiVersion} ${kind}`);
    if (found() === undefined) await inTime(async () => await ask(apiVersion, kind), `the API server does not serve ${apiVersion} ${kind}`);
    return found() as Resource;
  };
};

const resourceList = async (api: Kubernetes, apiVersion: string): Promise<ResourceList> => {
  const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  try {
    return await api.raw<ResourceList>({ method: 'GET', path });
  } catch (error) {
    if (isNotFound(error)) return { resources: [] };
    throw error;
  }
};

const inTime = async (isSo: () => Promise<boolean>, otherwise: string): Promise<void> => {
  const deadline = performance.now() + TIMEOUT_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${otherwise} after ${TIMEOUT_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
};
