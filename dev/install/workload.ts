// What runs: namespaces, ServiceAccount, Deployment and the Service that Prometheus finds it by.
// Separate from the rights because an installation by other means (a chart, GitOps) may bring its own workload.
import { INSTALLATION, labelled, LABELS_OF_ALL, SELECTOR_LABELS } from './names.ts';

const { name, namespace } = INSTALLATION;

/** Both namespaces refuse pods that are not restricted; the operator and its migration Jobs are. */
export function namespaces(): readonly object[] {
  return [namespace, INSTALLATION.tenantNamespace].map((each) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: each, labels: { ...LABELS_OF_ALL, ...podSecurity('enforce'), ...podSecurity('warn') } },
  }));
}

export function serviceAccount(): object {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: labelled(name, namespace) };
}

export function metricsService(): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: labelled(`${name}-metrics`, namespace),
    spec: { selector: SELECTOR_LABELS, ports: [{ name: 'http', port: INSTALLATION.httpPort, targetPort: 'http' }] },
  };
}

/** One replica works; a second one would wait for the Lease and take over within its duration. */
export function deployment(): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: labelled(name, namespace),
    spec: {
      replicas: 1,
      selector: { matchLabels: SELECTOR_LABELS },
      template: {
        metadata: {
          labels: LABELS_OF_ALL,
          annotations: { 'kubectl.kubernetes.io/default-container': 'operator' },
        },
        spec: {
          serviceAccountName: name,
          // Service links would put variables such as STUDIO_…_PORT into the environment that settings are read from.
          enableServiceLinks: false,
          // Longer than GRACEFUL_STOP: what is under way ends and the Lease is released.
          terminationGracePeriodSeconds: 30,
          securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [container()],
        },
      },
    },
  };
}

function container(): object {
  return {
    name: 'operator',
    image: INSTALLATION.image,
    command: ['operator'],
    ports: [{ name: 'http', containerPort: INSTALLATION.httpPort }],
    envFrom: [{ configMapRef: { name: INSTALLATION.configMap, optional: true } }],
    env: environment(),
    livenessProbe: { httpGet: { path: '/livez', port: 'http' }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 10, timeoutSeconds: 5 },
    startupProbe: { httpGet: { path: '/livez', port: 'http' }, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 60 },
    resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  };
}

function environment(): readonly object[] {
  const fromField = (fieldPath: string): object => ({ valueFrom: { fieldRef: { fieldPath } } });
  return [
    { name: 'POD_NAME', ...fromField('metadata.name') },
    { name: 'POD_NAMESPACE', ...fromField('metadata.namespace') },
    { name: 'OPERATOR_IMAGE', value: INSTALLATION.image },
    { name: 'MASTER_DATABASE_URL', valueFrom: { secretKeyRef: { name: INSTALLATION.masterSecret, key: 'url' } } },
  ];
}

function podSecurity(mode: 'enforce' | 'warn'): Readonly<Record<string, string>> {
  return { [`pod-security.kubernetes.io/${mode}`]: 'restricted', [`pod-security.kubernetes.io/${mode}-version`]: 'latest' };
}
