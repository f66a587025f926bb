// The cluster's DNS: CoreDNS as a pod behind the address that the kubelet writes into every other pod. Pure data.

import type { Manifest } from '../demo/manifests.ts';
import { DNS_ADDRESS, DNS_IMAGE } from './names.ts';

const METADATA = { name: 'coredns', namespace: 'kube-system' } as const;
const LABELS = { 'k8s-app': 'kube-dns' } as const;
const RBAC = 'rbac.authorization.k8s.io';
/** Not 53: it runs without any capability. */
const PORT = 5353;

const COREFILE = `.:${PORT} {
  errors
  health :8081
  ready :8181
  cache 5
  kubernetes cluster.local in-addr.arpa {
    ttl 5
  }
}
`;

export const clusterDnsObjects = (): readonly Manifest[] => [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: METADATA },
  {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    metadata: { name: METADATA.name },
    rules: [
      { apiGroups: [''], resources: ['services', 'namespaces'], verbs: ['list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
    ],
  },
  {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: METADATA.name },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: METADATA.name },
    subjects: [{ kind: 'ServiceAccount', ...METADATA }],
  },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: METADATA, data: { Corefile: COREFILE } },
  { apiVersion: 'apps/v1', kind: 'Deployment', metadata: METADATA, spec: deployment() },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kube-dns', namespace: METADATA.namespace },
    spec: {
      clusterIP: DNS_ADDRESS,
      selector: LABELS,
      ports: ['UDP', 'TCP'].map((protocol) => ({ name: `dns-${protocol.toLowerCase()}`, port: 53, targetPort: PORT, protocol })),
    },
  },
];

const deployment = (): object => ({
  replicas: 1,
  selector: { matchLabels: LABELS },
  template: {
    metadata: { labels: LABELS },
    spec: {
      serviceAccountName: METADATA.name,
      // It asks nobody above it.
      dnsPolicy: 'Default',
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'coredns',
          image: DNS_IMAGE,
          imagePullPolicy: 'Never',
          args: ['-conf', '/etc/coredns/Corefile'],
          readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 1 },
          livenessProbe: { httpGet: { path: '/health', port: 8081 } },
          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
          volumeMounts: [{ name: 'config', mountPath: '/etc/coredns', readOnly: true }],
        },
      ],
      volumes: [{ name: 'config', configMap: { name: METADATA.name } }],
    },
  },
});
