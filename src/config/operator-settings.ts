/**
 * Every setting of the operator with its variable, kind, default, meaning and unit. The help text and the table
 * of docs/configuration.md come from here; config.ts arranges the values for the program.
 */
import { dnsLabel, dnsName, duration, flag, integer, listOf, namespaces, oneOf, postgresUrl, quantity, text } from './kinds.ts';
import { optional, requiredSecret, setting } from './read.ts';

export const OPERATOR_SETTINGS = {
  masterDatabaseUrl: requiredSecret('MASTER_DATABASE_URL', postgresUrl, 'Where the master database is, with the login that owns it.'),
  masterDatabaseCaFile: optional(
    'MASTER_DATABASE_CA_FILE',
    text,
    'PEM file with the authority that signed the certificate of the master database; makes TLS with full verification mandatory.',
  ),
  adoptFromCluster: optional(
    'ADOPT_FROM_CLUSTER',
    text,
    "uid of another cluster's namespace kube-system: takes over the tenants that the operator of that cluster has left in the master database.",
  ),

  baseDomain: setting('BASE_DOMAIN', dnsName, 'platform.com', "The domain under which every tenant's subdomain lies."),
  publicUrlScheme: setting('PUBLIC_URL_SCHEME', oneOf('https', 'http'), 'https', 'Scheme of the address in the status of a tenant.'),
  publicUrlPort: optional('PUBLIC_URL_PORT', integer(1, 65_535), "Port in that address, where it isn't the scheme's own."),
  reservedSubdomains: setting(
    'RESERVED_SUBDOMAINS',
    listOf(dnsLabel),
    '',
    'Subdomains that no tenant may have, beside the ones the API server refuses.',
  ),
  ingressClass: optional('INGRESS_CLASS', dnsName, "Class of the Ingresses; without it the cluster's default class."),
  ingressService: setting('INGRESS_SERVICE', dnsLabel, 'studio-app', "Service behind every Ingress, in the tenant's own namespace."),
  ingressServicePort: setting('INGRESS_SERVICE_PORT', integer(1, 65_535), '80', 'Port of that Service.'),
  ingressTlsSecret: optional(
    'INGRESS_TLS_SECRET',
    dnsName,
    "TLS Secret for hosts under the base domain (a wildcard certificate), in the tenant's namespace.",
  ),
  ingressTlsIssuer: optional('INGRESS_TLS_ISSUER', dnsName, 'cert-manager issuer for tenants that name none.'),
  ingressTlsIssuerKind: setting('INGRESS_TLS_ISSUER_KIND', oneOf('ClusterIssuer', 'Issuer'), 'ClusterIssuer', 'Kind of that issuer.'),
  ingressAnnotationPrefixes: setting(
    'INGRESS_ANNOTATION_PREFIXES',
    listOf(text),
    '',
    'Prefixes of the Ingress annotations that a tenant may set; none by default, and never a snippet.',
  ),

  watchNamespaces: setting(
    'WATCH_NAMESPACES',
    namespaces,
    'studio-tenants',
    'Namespaces whose StudioTenants are served; * needs the cluster-wide rights.',
  ),
  podNamespace: setting(
    'POD_NAMESPACE',
    dnsLabel,
    'studio-system',
    "The operator's own namespace: Lease, and the default namespace of referenced Secrets.",
  ),
  podName: optional('POD_NAME', dnsName, "Name of the operator's pod: who holds the Lease; without it host name and process id."),
  operatorImage: setting('OPERATOR_IMAGE', text, 'studio-operator:dev', 'Image of migration Jobs whose SchemaRelease names none.'),
  kubeconfig: optional(
    'KUBECONFIG',
    text,
    "File with the cluster's address and credentials; without it the pod's ServiceAccount, else ~/.kube/config.",
  ),
  kubeContext: optional('KUBE_CONTEXT', text, "Context of that file; without it the file's current one."),

  tenantWorkers: setting('TENANT_WORKERS', integer(1, 256), '16', 'Tenants reconciled at the same time.'),
  createConcurrency: setting(
    'CREATE_CONCURRENCY',
    integer(1, 16),
    '3',
    'Databases created at the same time on one PostgreSQL server; more than 4 is slower.',
  ),
  maxParallelMigrations: setting(
    'MAX_PARALLEL_MIGRATIONS',
    integer(1, 1_000),
    '4',
    'Migration Jobs at the same time on one PostgreSQL server.',
  ),
  migrationCpuRequest: setting(
    'MIGRATION_CPU_REQUEST',
    quantity,
    '50m',
    'CPU request of a migration pod whose SchemaRelease names no resources.',
  ),
  migrationMemoryRequest: setting('MIGRATION_MEMORY_REQUEST', quantity, '128Mi', 'Memory request of such a pod.'),
  migrationMemoryLimit: setting('MIGRATION_MEMORY_LIMIT', quantity, '512Mi', 'Memory limit of such a pod.'),
  passwordHashCost: setting(
    'PASSWORD_HASH_COST',
    integer(4, 15),
    '10',
    'bcrypt cost of the stored hash of a password that a person has put into the Secret (each step doubles the time; 10 is some 60 ms). Generated passwords have 256 random bits and are hashed at 4.',
  ),
  sweepInterval: setting(
    'SWEEP_INTERVAL',
    duration('1s'),
    '60s',
    'How often every server is compared with what should be there, one query each.',
  ),
  probeInterval: setting('PROBE_INTERVAL', duration('1s'), '10m', "How often every tenant's login is tried, spread evenly over this time."),
  reconcileTimeout: setting('RECONCILE_TIMEOUT', duration('5s'), '2m', 'Longest time for one reconcile of one object.'),
  gracefulStop: setting(
    'GRACEFUL_STOP',
    duration('1s'),
    '20s',
    "Time to finish what is under way after SIGTERM; keep it under the pod's terminationGracePeriodSeconds.",
  ),

  leaderElection: setting(
    'LEADER_ELECTION',
    flag,
    'true',
    'Whether to take the Lease before working; false only where no second operator can be started.',
  ),
  leaseName: setting('LEASE_NAME', dnsName, 'studio-operator', "Name of the Lease, in the operator's namespace."),
  leaseDuration: setting('LEASE_DURATION', duration('1s'), '15s', 'How long others wait for a holder that has gone quiet.'),
  renewDeadline: setting(
    'RENEW_DEADLINE',
    duration('1s'),
    '10s',
    'How long the holder goes on without a renewal; shorter than LEASE_DURATION.',
  ),
  retryPeriod: setting('RETRY_PERIOD', duration('100ms'), '2s', 'How often the Lease is renewed or tried; less than RENEW_DEADLINE / 1.2.'),

  listenHost: optional('LISTEN_HOST', text, 'Address for /livez, /readyz and /metrics; without it all addresses.'),
  listenPort: setting('LISTEN_PORT', integer(0, 65_535), '8080', 'Port for them; 0 lets the kernel choose.'),
  logLevel: setting('LOG_LEVEL', oneOf('debug', 'info', 'warn', 'error'), 'info', 'The least important lines that are written.'),
  logFormat: setting('LOG_FORMAT', oneOf('auto', 'json', 'pretty'), 'auto', 'auto is pretty in a terminal and json elsewhere.'),
} as const;
