// What Traefik needs in the cluster: a ServiceAccount with the least rights its Ingress provider asks for, and the IngressClass by which
// Ingresses are its own. Pure data; separate from the process, which only reads it with these rights.

import type { Manifest } from '../demo/manifests.ts';

export const INGRESS_CLASS = 'traefik';
/** Where K3s has it, too. */
export const INGRESS_CONTROLLER_ACCOUNT = { name: 'traefik', namespace: 'kube-system' } as const;

const RBAC = 'rbac.authorization.k8s.io';
const READ = ['get', 'list', 'watch'];

/** In a namespace: routes, where they lead, and certificates. The status says where the Ingress is served. */
const IN_NAMESPACE = [
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: READ },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses/status'], verbs: ['update'] },
  { apiGroups: [''], resources: ['services', 'secrets'], verbs: READ },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
];

/** Nodes because it looks them up whenever it looks up classes (for Services of type NodePort). */
const IN_CLUSTER = [
  { apiGroups: ['networking.k8s.io'], resources: ['ingressclasses'], verbs: READ },
  { apiGroups: [''], resources: ['nodes'], verbs: READ },
];

/** 'all': whatever namespaces there will be. */
export const ingressControllerObjects = (served: readonly string[] | 'all'): readonly Manifest[] => [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: INGRESS_CONTROLLER_ACCOUNT },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: INGRESS_CLASS },
    spec: { controller: 'traefik.io/ingress-controller' },
  },
  ...granted('ClusterRole', undefined, served === 'all' ? [...IN_CLUSTER, ...IN_NAMESPACE] : IN_CLUSTER),
  ...(served === 'all' ? [] : served.flatMap((namespace) => granted('Role', namespace, IN_NAMESPACE))),
];

const granted = (kind: 'Role' | 'ClusterRole', namespace: string | undefined, rules: readonly object[]): readonly Manifest[] => {
  const { name } = INGRESS_CONTROLLER_ACCOUNT;
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  return [
    { apiVersion: `${RBAC}/v1`, kind, metadata, rules },
    {
      apiVersion: `${RBAC}/v1`,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: RBAC, kind, name },
      subjects: [{ kind: 'ServiceAccount', ...INGRESS_CONTROLLER_ACCOUNT }],
    },
  ];
};

/** A Service that leads to a port of this machine: its own port must be that one, because the controller connects to it as it stands. */
export const serviceOfThisMachine = (name: string, namespace: string, port: number): Manifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ name: 'http', port }] },
});
