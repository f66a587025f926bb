// The API server's half of the bare limit: per tenant six writes, of the kinds and sizes that one tenant needs. A ConfigMap stands for the
// tenant, so that no operator that may be running takes it for one. Its objects stay
// until the cluster goes: deleting them would be work for its controllers in the middle of the next measurement.

import { INGRESS, NAMESPACE, SECRET, type Resource } from '../src/api/resources.ts';
import type { Kubernetes } from '../src/clients/kubernetes/kubernetes.ts';
import { pathOf, queryOf } from '../src/clients/kubernetes/paths.ts';
import { inParallel } from './in-parallel.ts';

export interface LimitApi {
  readonly namespace: string;
  /** The tenants as they are applied: not measured. */
  prepare(tenants: number): Promise<void>;
  /** Finalizer, Secret, first status. */
  begin(index: number): Promise<void>;
  /** Ingress, last status, Event. */
  end(index: number): Promise<void>;
}

const CONFIG_MAP: Resource = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };
const WRITERS = 8;
const MERGE = 'application/merge-patch+json';
const SECRET_BYTES = 300;
const PROVISIONING = 'provisioning'.repeat(40);
const READY = 'ready'.repeat(120);

export const limitApi = (api: Kubernetes, namespace: string): LimitApi => {
  const change = async (index: number, body: object): Promise<void> => {
    const path = pathOf(CONFIG_MAP, { namespace, name: nameOf(index) });
    await api.raw({ method: 'PATCH', path, body, contentType: MERGE });
  };
  return {
    namespace,
    prepare: async (tenants) => {
      await api.create(NAMESPACE, { metadata: { name: namespace } });
      await inParallel(tenants, WRITERS, async (index) => {
        await api.create(CONFIG_MAP, withData(namespace, index, { data: { a: 'b' } }));
      });
    },
    begin: async (index) => {
      await change(index, { metadata: { finalizers: ['bench.studio-platform.io/limit'] } });
      await api.create(SECRET, withData(namespace, index, { stringData: { a: 'b'.repeat(SECRET_BYTES) } }));
      await change(index, { data: { status: PROVISIONING } });
    },
    end: async (index) => {
      const path = pathOf(INGRESS, { namespace, name: nameOf(index) }) + queryOf({ fieldManager: 'limit', force: true });
      await api.raw({ method: 'PATCH', path, body: ingress(namespace, index), contentType: 'application/apply-patch+yaml' });
      await change(index, { data: { status: READY } });
      await api.raw({ method: 'POST', path: `/api/v1/namespaces/${namespace}/events`, body: event(namespace, index) });
    },
  };
};

const nameOf = (index: number): string => `tenant-${index}`;
const metadata = (namespace: string, index: number) => ({ metadata: { name: nameOf(index), namespace } });
const withData = (namespace: string, index: number, data: object) => ({ ...metadata(namespace, index), ...data });

const ingress = (namespace: string, index: number) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  ...metadata(namespace, index),
  spec: {
    rules: [
      {
        host: `${nameOf(index)}.limit.example`,
        http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'studio-app', port: { number: 80 } } } }] },
      },
    ],
  },
});

const event = (namespace: string, index: number) => ({
  metadata: { generateName: 'limit-', namespace },
  involvedObject: { apiVersion: 'v1', kind: 'ConfigMap', name: nameOf(index), namespace },
  reason: 'Ready',
  message: 'Serving',
  type: 'Normal',
});
