// One manifest per kind that sets every field, and one that sets as little as may be.
// Separate because acceptance, refusals and defaults all start from them.

// oxlint-disable-next-line no-explicit-any -- tests change them at any depth
export type Spec = any;

export interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly full: Spec;
  readonly least: Spec;
  /** What the API server makes of `least`. */
  readonly defaulted: Spec;
}

export const TENANT: Kind = {
  kind: 'StudioTenant',
  plural: 'studiotenants',
  namespaced: true,
  full: {
    displayName: 'My Studio',
    subdomain: 'my-studio',
    plan: 'pro',
    aiCredits: { monthlyAllowance: 500 },
    database: {
      server: 'main',
      extensions: ['pgcrypto', 'uuid-ossp'],
      connectionLimit: 20,
      settings: {
        statement_timeout: '30s',
        idle_in_transaction_session_timeout: '5min',
        lock_timeout: '0',
        work_mem: '16MB',
        timezone: 'Europe/Berlin',
      },
    },
    release: 'studio-7',
    ingress: {
      className: 'traefik',
      annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '8m' },
      tls: { secretName: 'my-studio-tls', issuer: { name: 'letsencrypt', kind: 'Issuer' } },
      customDomains: ['booking.my-studio.example', 'my-studio.example'],
    },
    credentials: { rotateEvery: '30d' },
    suspended: false,
    deletionPolicy: 'Delete',
  },
  least: { displayName: 'My Studio', subdomain: 'my-studio' },
  defaulted: {
    displayName: 'My Studio',
    subdomain: 'my-studio',
    plan: 'free',
    aiCredits: {},
    database: { extensions: [] },
    ingress: { customDomains: [] },
    credentials: {},
    suspended: false,
    deletionPolicy: 'Retain',
  },
};

export const SERVER: Kind = {
  kind: 'PostgresServer',
  plural: 'postgresservers',
  namespaced: false,
  full: {
    host: 'pg-main.databases.svc',
    port: 5433,
    adminSecretRef: { namespace: 'databases', name: 'pg-main-admin' },
    tls: { mode: 'verify-full', caSecretRef: { namespace: 'databases', name: 'pg-main-ca' } },
    maintenanceDatabase: 'defaultdb',
    connect: { host: 'pooler.databases.svc', port: 6432 },
    direct: { host: '10.0.0.5', port: 5432 },
    capacity: { maxDatabases: 500 },
    unschedulable: true,
  },
  least: { host: 'pg-main', adminSecretRef: { name: 'pg-main-admin' } },
  defaulted: {
    host: 'pg-main',
    port: 5432,
    adminSecretRef: { name: 'pg-main-admin' },
    tls: { mode: 'require' },
    maintenanceDatabase: 'postgres',
    connect: {},
    direct: {},
    capacity: { maxDatabases: 2000 },
    unschedulable: false,
  },
};

export const PLAN: Kind = {
  kind: 'TenantPlan',
  plural: 'tenantplans',
  namespaced: false,
  full: {
    aiCredits: { monthlyAllowance: 1000 },
    database: {
      connectionLimit: 50,
      settings: { work_mem: '64kB' },
      serverSelector: {
        matchLabels: { tier: 'paid' },
        matchExpressions: [
          { key: 'region', operator: 'In', values: ['eu', 'us'] },
          { key: 'legacy', operator: 'DoesNotExist' },
        ],
      },
    },
    subscription: { trialDays: 14 },
  },
  least: undefined,
  defaulted: { aiCredits: { monthlyAllowance: 0 }, database: { connectionLimit: 20 }, subscription: { trialDays: 0 } },
};

export const RELEASE: Kind = {
  kind: 'SchemaRelease',
  plural: 'schemareleases',
  namespaced: false,
  full: {
    version: 7,
    image: 'registry.example:5000/studio/schema:7',
    command: ['/bin/migrate'],
    args: ['--verbose'],
    env: [{ name: 'LOG_LEVEL', value: 'debug' }, { name: 'EMPTY' }],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: 1, memory: '256Mi' } },
    backoffLimit: 0,
    activeDeadlineSeconds: 60,
    lockTimeout: '500ms',
    imagePullSecrets: [{ name: 'registry' }],
    paused: true,
    maxFailures: 1,
  },
  least: { version: 1 },
  defaulted: {
    version: 1,
    command: ['migrate'],
    args: [],
    env: [],
    backoffLimit: 3,
    activeDeadlineSeconds: 600,
    lockTimeout: '10s',
    imagePullSecrets: [],
    paused: false,
    maxFailures: 3,
  },
};

export const KINDS: readonly Kind[] = [TENANT, SERVER, PLAN, RELEASE];

/** A deep copy with the value at a path replaced: `ingress.tls.secretName`. `undefined` takes it away. */
export function withValue(spec: Spec, path: string, value: unknown): Spec {
  const copy = structuredClone(spec);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const parent = keys.reduce((node, key) => (node[key] ??= {}), copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}
