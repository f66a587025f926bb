/**
 * The operator's configuration: environment and flags are read here, once, into one frozen object that is passed on.
 * Nothing else in the operator looks at process.env. What each setting means stands in config/operator-settings.ts.
 */
import { hostname } from 'node:os';

import { OPERATOR_SETTINGS } from './config/operator-settings.ts';
import { ConfigError, readSettings, settingsHelp, type Environment, type ValuesOf } from './config/read.ts';

/** What the work on a tenant needs to know. Times are milliseconds. */
export interface TenantConfig {
  /** `platform.com`: a tenant is served at `<subdomain>.<baseDomain>`. */
  readonly baseDomain: string;
  /** How a tenant's address is written in its status. */
  readonly publicUrl: { readonly scheme: 'https' | 'http'; readonly port: number | undefined };
  readonly ingress: IngressConfig;
  /** Refused beside the built-in ones. */
  readonly reservedSubdomains: readonly string[];
  /** Where references to Secrets look when they name no namespace. */
  readonly operatorNamespace: string;
  /** Image of migration Jobs whose release names none. */
  readonly operatorImage: string;
  readonly migrations: MigrationsConfig;
  /** bcrypt cost of the stored password hash. */
  readonly passwordHashCost: number;
  /** CREATE DATABASEs at the same time on one server. */
  readonly createConcurrency: number;
  /** Every login is tried once in this time. */
  readonly probeIntervalMs: number;
  /** Every server is compared once in this time. */
  readonly sweepIntervalMs: number;
}

interface IngressConfig {
  readonly className: string | undefined;
  readonly backend: { readonly service: string; readonly port: number };
  /** For tenants that name neither; at most one of the two is set. */
  readonly tls: {
    readonly secretName: string | undefined;
    readonly issuer: IssuerReference | undefined;
  };
  /** Annotations with one of these prefixes may be set by a tenant. */
  readonly annotationPrefixes: readonly string[];
}

interface IssuerReference {
  readonly name: string;
  readonly kind: 'ClusterIssuer' | 'Issuer';
}

interface MigrationsConfig {
  /** Jobs at the same time on one server. */
  readonly maxParallel: number;
  /** For releases that name none; Kubernetes quantities. */
  readonly resources: {
    readonly requests: { readonly cpu: string; readonly memory: string };
    readonly limits: { readonly memory: string };
  };
}

interface LeaderElectionConfig {
  readonly enabled: boolean;
  readonly leaseName: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

/** All of it. Times are milliseconds. */
export interface Config {
  readonly tenant: TenantConfig;
  readonly master: {
    /** Carries a password: never log it. */
    readonly url: string;
    readonly caFile: string | undefined;
    /** uid of the cluster whose tenants are taken over. */
    readonly adoptFromCluster: string | undefined;
  };
  readonly kubernetes: {
    readonly kubeconfigFile: string | undefined;
    readonly context: string | undefined;
  };
  readonly watchNamespaces: readonly string[] | '*';
  /** Who this process is: holder of the Lease, suffix of the application_name of its sessions. */
  readonly identity: string;
  readonly leaderElection: LeaderElectionConfig;
  readonly tenantWorkers: number;
  readonly reconcileTimeoutMs: number;
  readonly gracefulStopMs: number;
  readonly http: { readonly host: string | undefined; readonly port: number };
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error';
    readonly format: 'auto' | 'json' | 'pretty';
  };
}

type Values = ValuesOf<typeof OPERATOR_SETTINGS>;

/**
 * Reads flags (which win) and environment. `argv` is without the program: `process.argv.slice(2)`.
 * Throws ConfigError with everything that is wrong.
 */
export function loadConfig(env: Environment, argv: readonly string[]): Config {
  const { values, problems } = readSettings(OPERATOR_SETTINGS, env, argv);
  const all = problems.length > 0 ? problems : contradictions(values);
  if (all.length > 0) throw new ConfigError(all);
  return deepFreeze(arrange(values));
}

export function wantsHelp(argv: readonly string[]): boolean {
  return argv.includes('--help') || argv.includes('-h');
}

export function operatorHelp(): string {
  return [
    'studio-operator: gives every StudioTenant its database, logins, schema, billing rows and Ingress.',
    '',
    'Usage: operator [flags]',
    '',
    'Every setting is a flag or an environment variable; the flag wins.',
    '',
    settingsHelp(OPERATOR_SETTINGS),
    '',
  ].join('\n');
}

/** What is wrong although each setting is right by itself. */
function contradictions(values: Values): readonly string[] {
  const problems: string[] = [];
  if (values.ingressTlsSecret !== undefined && values.ingressTlsIssuer !== undefined)
    problems.push('INGRESS_TLS_SECRET and INGRESS_TLS_ISSUER are both set: expected at most one of them');
  if (values.renewDeadline >= values.leaseDuration)
    problems.push('RENEW_DEADLINE is not shorter than LEASE_DURATION: two operators could work at the same time');
  if (values.retryPeriod * 1.2 >= values.renewDeadline) problems.push('RETRY_PERIOD is too long: expected less than RENEW_DEADLINE / 1.2');
  return problems;
}

function arrange(values: Values): Config {
  return {
    tenant: tenantConfig(values),
    master: {
      url: values.masterDatabaseUrl,
      caFile: values.masterDatabaseCaFile,
      adoptFromCluster: values.adoptFromCluster,
    },
    kubernetes: { kubeconfigFile: values.kubeconfig, context: values.kubeContext },
    watchNamespaces: values.watchNamespaces,
    identity: values.podName ?? `${hostname()}-${process.pid}`,
    leaderElection: {
      enabled: values.leaderElection,
      leaseName: values.leaseName,
      leaseDurationMs: values.leaseDuration,
      renewDeadlineMs: values.renewDeadline,
      retryPeriodMs: values.retryPeriod,
    },
    tenantWorkers: values.tenantWorkers,
    reconcileTimeoutMs: values.reconcileTimeout,
    gracefulStopMs: values.gracefulStop,
    http: { host: values.listenHost, port: values.listenPort },
    log: { level: values.logLevel, format: values.logFormat },
  };
}

function tenantConfig(values: Values): TenantConfig {
  return {
    baseDomain: values.baseDomain,
    publicUrl: { scheme: values.publicUrlScheme, port: values.publicUrlPort },
    ingress: ingressConfig(values),
    reservedSubdomains: values.reservedSubdomains,
    operatorNamespace: values.podNamespace,
    operatorImage: values.operatorImage,
    migrations: {
      maxParallel: values.maxParallelMigrations,
      resources: {
        requests: { cpu: values.migrationCpuRequest, memory: values.migrationMemoryRequest },
        limits: { memory: values.migrationMemoryLimit },
      },
    },
    passwordHashCost: values.passwordHashCost,
    createConcurrency: values.createConcurrency,
    probeIntervalMs: values.probeInterval,
    sweepIntervalMs: values.sweepInterval,
  };
}

function ingressConfig(values: Values): IngressConfig {
  const { ingressTlsIssuer: name, ingressTlsIssuerKind: kind } = values;
  return {
    className: values.ingressClass,
    backend: { service: values.ingressService, port: values.ingressServicePort },
    tls: {
      secretName: values.ingressTlsSecret,
      issuer: name === undefined ? undefined : { name, kind },
    },
    annotationPrefixes: values.ingressAnnotationPrefixes,
  };
}

function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value)) if (typeof child === 'object' && child !== null) deepFreeze(child);
  return Object.freeze(value);
}
