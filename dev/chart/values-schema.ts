// helm/studio-operator/values.schema.json: what Helm accepts as values. A picture of values.yaml with a type for every value; the sentences
// are those of values.yaml. Specs of plans, servers and releases are the API's own, so that a typing mistake is found before the cluster.
import { postgresServerSpecSchema } from '../../src/api/postgres-server.ts';
import { schemaReleaseSpecSchema } from '../../src/api/schema-release.ts';
import { tenantPlanSpecSchema } from '../../src/api/tenant-plan.ts';
import type { GeneratedFile } from '../generated-files.ts';
import * as is from './schema-parts.ts';
import type { Schema } from './schema-parts.ts';
import { chartValues } from './values-file.ts';

const LOG = { logLevel: is.oneOfOrEmpty('debug', 'info', 'warn', 'error'), logFormat: is.oneOfOrEmpty('auto', 'json', 'pretty') };

const OPERATOR_CONFIG = is.only({
  baseDomain: is.nameOrEmpty,
  publicUrlScheme: is.oneOfOrEmpty('https', 'http'),
  publicUrlPort: is.integerOrNull(1, 65_535),
  reservedSubdomains: is.uniqueListOf(is.label),
  ingressClass: is.nameOrEmpty,
  ingressService: is.labelOrEmpty,
  ingressServicePort: is.integerOrNull(1, 65_535),
  ingressTlsSecret: is.nameOrEmpty,
  ingressTlsIssuer: is.nameOrEmpty,
  ingressTlsIssuerKind: is.oneOfOrEmpty('ClusterIssuer', 'Issuer'),
  ingressAnnotationPrefixes: is.uniqueListOf({ type: 'string', pattern: '^[^,]+$' }),
  adoptFromCluster: is.text,
  tenantWorkers: is.integerOrNull(1, 256),
  createConcurrency: is.integerOrNull(1, 16),
  maxParallelMigrations: is.integerOrNull(1, 1_000),
  migrationCpuRequest: is.quantity,
  migrationMemoryRequest: is.quantity,
  migrationMemoryLimit: is.quantity,
  passwordHashCost: is.integerOrNull(4, 15),
  sweepInterval: is.duration,
  probeInterval: is.duration,
  reconcileTimeout: is.duration,
  gracefulStop: is.duration,
  leaderElection: is.flag,
  leaseDuration: is.duration,
  renewDeadline: is.duration,
  retryPeriod: is.duration,
  ...LOG,
  extra: is.variables,
});

const APPLICATION_CONFIG = is.only({
  minimumRelease: is.integerOrNull(1, 1_000_000_000),
  trustedProxies: is.uniqueListOf(is.filled),
  credentialsDirectory: is.text,
  tenantNamespaces: is.uniqueListOf(is.label),
  maxPools: is.integerOrNull(1, 10_000),
  maxConnectionsPerTenant: is.integerOrNull(1, 100),
  maxConnectionsPerServer: is.integerOrNull(1, 10_000),
  stopDelay: is.duration,
  gracefulStop: is.duration,
  ...LOG,
  extra: is.variables,
});

/** Of an image. A digest of its own wins over the tag. */
const IMAGE = {
  repository: { type: 'string', pattern: '^[a-z0-9]([-a-z0-9._/:]*[a-z0-9])?$' },
  tag: { type: 'string', pattern: '^$|^[A-Za-z0-9_][-A-Za-z0-9._]{0,127}$' },
  digest: { type: 'string', pattern: '^$|^sha256:[0-9a-f]{64}$' },
  pullPolicy: is.oneOf('Always', 'IfNotPresent', 'Never'),
} as const;

/** What the operator's pods and the application's have in common. */
const POD = {
  replicas: is.atLeast(0),
  resources: is.resources,
  nodeSelector: is.stringMap,
  tolerations: is.listOf(is.anyObject),
  affinity: is.only({ nodeAffinity: is.anyObject, podAffinity: is.anyObject, podAntiAffinity: is.anyObject }),
  topologySpreadConstraints: is.spread,
  priorityClassName: is.nameOrEmpty,
  terminationGracePeriodSeconds: is.atLeast(1),
  podLabels: is.stringMap,
  podAnnotations: is.stringMap,
  imagePullSecrets: is.named,
  extraEnv: is.environment,
  extraVolumes: is.named,
  extraVolumeMounts: is.mounts,
  podDisruptionBudget: is.only({ enabled: is.flag, maxUnavailable: is.maxUnavailable }),
} as const;

const METRICS = is.only({
  service: is.only({ port: is.port, annotations: is.stringMap }),
  serviceMonitor: is.only({
    enabled: is.flag,
    interval: is.scrapeDuration,
    scrapeTimeout: is.scrapeDuration,
    labels: is.stringMap,
    annotations: is.stringMap,
    relabelings: is.listOf(is.anyObject),
    metricRelabelings: is.listOf(is.anyObject),
  }),
  prometheusRule: is.only({
    enabled: is.flag,
    labels: is.stringMap,
    annotations: is.stringMap,
    alertLabels: is.stringMap,
    runbookUrl: { type: 'string', pattern: '^$|^https?://[^ ]+$' },
    disabled: is.uniqueListOf(is.filled),
  }),
  dashboards: is.only({ enabled: is.flag, labels: is.stringMap, annotations: is.stringMap, namespace: is.labelOrEmpty }),
});

const NETWORK_POLICY = is.only({
  enabled: is.flag,
  ingress: is.only({ from: is.peers }),
  egress: is.only({
    dns: is.only({ to: is.peers }),
    apiServer: is.only({ to: is.peers, ports: { ...is.uniqueListOf(is.port), minItems: 1 } }),
    postgresql: is.only({ to: is.peers, ports: { ...is.uniqueListOf(is.port), minItems: 1 } }),
    extra: is.listOf(is.only({ to: is.listOf(is.anyObject), ports: is.listOf(is.anyObject) })),
  }),
});

const APPLICATION = is.only({
  ...POD,
  enabled: is.flag,
  name: { ...is.label, maxLength: 50 },
  namespace: is.labelOrEmpty,
  image: is.only(IMAGE),
  masterSecret: is.only({ name: is.nameOrEmpty, key: is.secretKey }),
  ca: is.only({ secretName: is.nameOrEmpty, key: is.secretKey }),
  config: APPLICATION_CONFIG,
  serviceAccount: is.only({ annotations: is.stringMap }),
  readSecrets: is.flag,
  service: is.only({ annotations: is.stringMap, externalNames: is.flag }),
  ingress: is.only({
    enabled: is.flag,
    host: { type: 'string', pattern: '^$|^([*][.])?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' },
    className: is.nameOrEmpty,
    annotations: is.stringMap,
    tlsSecret: is.nameOrEmpty,
  }),
});

/** No types here that a template refuses with a better sentence: contradictions are in templates/_validate.tpl. */
const VALUES: Readonly<Record<string, Schema>> = {
  ...POD,
  masterDatabase: is.only({
    existingSecret: is.only({ name: is.nameOrEmpty, key: is.secretKey }),
    cloudNativePG: is.only({ cluster: is.nameOrEmpty, uriKey: is.secretKey }),
    ca: is.only({ secretName: is.nameOrEmpty, key: is.secretKey }),
  }),
  watchNamespaces: is.uniqueListOf({ type: 'string', pattern: `^[*]$|${String(is.label['pattern'])}` }),
  createNamespaces: is.flag,
  adminSecrets: is.uniqueListOf(is.only({ namespace: is.label, name: is.name }, 'namespace', 'name')),
  config: OPERATOR_CONFIG,
  clusterDomain: is.name,
  image: is.only(IMAGE),
  nameOverride: is.labelOrEmpty,
  fullnameOverride: { ...is.labelOrEmpty, maxLength: 40 },
  commonLabels: is.stringMap,
  commonAnnotations: is.stringMap,
  revisionHistoryLimit: is.atLeast(0),
  podSecurityContext: is.anyObject,
  securityContext: is.anyObject,
  extraEnvFrom: is.listOf(is.anyObject),
  serviceAccount: is.only({ create: is.flag, name: is.nameOrEmpty, annotations: is.stringMap }),
  rbac: is.only({ create: is.flag }),
  crds: is.only({ upgrade: is.only({ enabled: is.flag, resources: is.resources }) }),
  plans: is.specsOf(tenantPlanSpecSchema),
  servers: is.specsOf(postgresServerSpecSchema),
  schemaReleases: is.specsOf(schemaReleaseSpecSchema),
  deletionGuard: is.only({ enabled: is.flag }),
  metrics: METRICS,
  networkPolicy: NETWORK_POLICY,
  application: APPLICATION,
  tests: is.only({ enabled: is.flag, timeout: is.someDuration, resources: is.resources }),
};

/** Given by Helm to every chart that another depends on, and the usual name of the switch for it. */
const AS_A_DEPENDENCY: Readonly<Record<string, Schema>> = {
  global: { ...is.anyObject, description: 'Values of the chart that this one is a dependency of; not used.' },
  enabled: { ...is.flag, description: 'Whether a chart that depends on this one wants it; not used here.' },
};

/** null would take them away, and templates look into them. */
const NEEDED = Object.entries(VALUES)
  .filter(([key, { properties }]) => key === 'watchNamespaces' || properties !== undefined)
  .map(([key]) => key)
  .filter((key) => key !== 'resources' && key !== 'affinity');

export function valuesSchema(): Schema {
  const about = new Map(chartValues().map((value) => [value.path, value.about]));
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart studio-operator',
    ...described(is.only(VALUES, ...NEEDED), '', about),
  };
}

export function valuesSchemaFile(): GeneratedFile {
  const { properties, ...rest } = valuesSchema();
  const schema = { ...rest, properties: { ...(properties as object), ...AS_A_DEPENDENCY } };
  return { path: 'helm/studio-operator/values.schema.json', text: `${JSON.stringify(schema, undefined, 2)}\n` };
}

function described(schema: Schema, path: string, about: ReadonlyMap<string, string>): Schema {
  const sentence = about.get(path);
  const own = { ...(sentence !== undefined && { description: sentence }), ...schema };
  const properties = schema['properties'] as Readonly<Record<string, Schema>> | undefined;
  // Only what values.yaml shows has a sentence there: the fields of a spec bring their own.
  if (properties === undefined) return own;
  const children = Object.entries(properties).map(([key, child]) => [key, described(child, path === '' ? key : `${path}.${key}`, about)]);
  return { ...own, properties: Object.fromEntries(children) };
}
