// The studio application in a cluster: one Deployment for all tenants, and the one right it has. Separate from the operator's parts
// because a platform with an application of its own leaves it out. The Service that Ingresses lead to is a sample: there is one in every
// namespace of tenants.
import { INSTALLATION } from './names.ts';

export const APPLICATION = {
  /** Also the name of the ServiceAccount, the Role and the Service. */
  name: 'studio-app',
  /** An Ingress leads to Services of its own namespace, and a Service to pods of its own. */
  namespace: INSTALLATION.tenantNamespace,
  image: INSTALLATION.image,
  httpPort: 8080,
  /** Secret with the key `url`: the master database with the login that grant_application was given. */
  masterSecret: 'studio-app-master',
  /** Optional ConfigMap whose keys are settings. */
  configMap: 'studio-app-config',
} as const;

const { name, namespace } = APPLICATION;
const SELECTOR = { 'app.kubernetes.io/name': name };
const LABELS = { ...SELECTOR, 'app.kubernetes.io/part-of': 'studio-platform' };
const METADATA = { name, namespace, labels: LABELS };
const RBAC = 'rbac.authorization.k8s.io';

/** In the order in which they can be applied. */
export function applicationObjects(): readonly object[] {
  return [{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: METADATA }, ...rights(), disruptionBudget(), deployment()];
}

/**
 * Reading a Secret by its name, which the master database gives. A Role cannot name Secrets that are not there yet; without list and
 * watch nothing can be found by looking around.
 */
function rights(): readonly object[] {
  return [
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'Role',
      metadata: METADATA,
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata: METADATA,
      roleRef: { apiGroup: RBAC, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ];
}

function disruptionBudget(): object {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: METADATA,
    spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow', selector: { matchLabels: SELECTOR } },
  };
}

export function deployment(): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: METADATA,
    spec: {
      replicas: 2,
      selector: { matchLabels: SELECTOR },
      // A new pod first, then one of the old.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: { metadata: { labels: LABELS }, spec: podSpec() },
    },
  };
}

function podSpec(): object {
  return {
    serviceAccountName: name,
    // Service links would put variables such as STUDIO_…_PORT into the environment that settings are read from.
    enableServiceLinks: false,
    // Longer than STOP_DELAY, GRACEFUL_STOP and the end of the connections together.
    terminationGracePeriodSeconds: 40,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: SELECTOR } },
    ],
    containers: [container()],
  };
}

function container(): object {
  return {
    name: 'app',
    image: APPLICATION.image,
    command: ['studio-app'],
    ports: [{ name: 'http', containerPort: APPLICATION.httpPort }],
    envFrom: [{ configMapRef: { name: APPLICATION.configMap, optional: true } }],
    env: [{ name: 'MASTER_DATABASE_URL', valueFrom: { secretKeyRef: { name: APPLICATION.masterSecret, key: 'url' } } }],
    startupProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 60 },
    livenessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    // Often: STOP_DELAY counts on it.
    readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 1 },
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  };
}
