// Everything the API server refuses, with the sentence it says: one change to an accepted manifest, one sentence.
// Separate from the test because this table is what people will read.
import { type Kind, PLAN, RELEASE, SERVER, TENANT } from './manifests.ts';

export interface Refusal {
  readonly kind: Kind;
  readonly path: string;
  readonly value: unknown;
  /** Where the API server points. */
  readonly field: string;
  /** What it says ends with this. */
  readonly sentence: string;
}

const RESERVED = 'this subdomain is reserved for the platform, as are www, api, admin, app, mail, auth, static, status; choose another';
const MALFORMED_SUBDOMAIN = 'a subdomain has 3 to 63 lower-case letters, digits and hyphens, and begins and ends with a letter or digit';
const DOMAIN =
  'a custom domain is a full host name such as booking.my-studio.example: labels of letters, digits and hyphens joined by dots, without scheme, port, path or a dot at the end';
const TIMEOUT = '0 (none) or a whole number with a unit ms, s, min, h or d, at most 24d, such as 30s';
const MEMORY = 'a whole number with a unit kB, MB or GB, from 64kB to 99GB, such as 16MB';
const EXTENSION = "an extension's name begins with a lower-case letter and has lower-case letters, digits, underscores and hyphens only";
const ROTATION = 'a rotation interval is a whole number with a unit h or d, from 1h to 9999d, such as 30d';
const LOCK = 'a lock timeout is a whole number with a unit ms, s or m, such as 10s';
const HOST = 'must be a host name in lower case or an IP address, without scheme, port or path, such as pg-main.databases.svc';
const OPERATORS_OWN = 'DATABASE_URL, PG… and STUDIO_… are set by the operator for each tenant';
const NEEDS_CA = 'tls.mode verify-ca and verify-full need tls.caSecretRef: a Secret whose key ca.crt holds the certificate authority';
const QUANTITY = 'must be a quantity such as 500m, 2 or 256Mi';
const SELECTOR = 'In and NotIn need values; Exists and DoesNotExist take none';
const KEY =
  "an annotation's key is a name of up to 63 letters, digits, hyphens, underscores and dots, with a prefix such as nginx.ingress.kubernetes.io/ before it";
const SNIPPET = 'snippet annotations are never allowed: they would run in the Ingress controller';
const SETTINGS =
  'only some settings may be set here; allowed are statement_timeout, idle_in_transaction_session_timeout, lock_timeout, work_mem, timezone';
const OWN_NAME = 'lower-case letters, digits and hyphens, beginning and ending with a letter or digit';
const NAME = 'lower-case letters, digits, hyphens and dots, beginning and ending with a letter or digit';

const subdomains: readonly Refusal[] = [
  ...['www', 'api', 'admin', 'app', 'mail', 'auth', 'static', 'status'].map((value) => refuse(TENANT, 'subdomain', value, RESERVED)),
  ...['', 'ab', '-abc', 'abc-', 'My-Studio', 'my_studio', 'my.studio', 'my studio', 'stüdio'].map((value) =>
    refuse(TENANT, 'subdomain', value, MALFORMED_SUBDOMAIN),
  ),
  refuse(TENANT, 'subdomain', 'a'.repeat(64), 'Too long: may not be more than 63 bytes'),
  refuse(TENANT, 'subdomain', undefined, 'Required value'),
];

const domains: readonly Refusal[] = [
  ['*.my-studio.example', 'a custom domain cannot be a wildcard; list every host name'],
  ['10.0.0.1', 'a custom domain is a host name, not an IP address'],
  ['2001:db8::1', 'a custom domain is a host name, not an IP address'],
  ['Booking.example', 'a custom domain is written in lower case'],
  ['localhost', DOMAIN],
  ['https://my-studio.example', DOMAIN],
  ['my-studio.example:8443', DOMAIN],
  ['my-studio.example/book', DOMAIN],
  ['my-studio.example.', DOMAIN],
  ['my studio.example', DOMAIN],
  ['my_studio.example', DOMAIN],
  ['-my.example', DOMAIN],
  ['256.1.1.1', DOMAIN],
  [`${'a'.repeat(64)}.example`, DOMAIN],
  ['', DOMAIN],
].map(([value = '', sentence = '']) => refuse(TENANT, 'ingress.customDomains', [value], { at: 'spec.ingress.customDomains[0]', sentence }));

const settings: readonly Refusal[] = [
  refuse(TENANT, 'database.settings', { search_path: 'evil' }, SETTINGS),
  refuse(TENANT, 'database.settings', { session_preload_libraries: 'evil', work_mem: '4MB' }, SETTINGS),
  refuse(TENANT, 'database.settings', { Work_Mem: '4MB' }, SETTINGS),
  refuse(PLAN, 'database.settings', { log_statement: 'none' }, SETTINGS),
  ...['statement_timeout', 'idle_in_transaction_session_timeout', 'lock_timeout'].flatMap((setting) =>
    ['30', '-1s', '1.5s', '25d', '30 s', "30s'; DROP ROLE x", ''].map((value) =>
      refuse(TENANT, 'database.settings', { [setting]: value }, `${setting} must be ${TIMEOUT}`),
    ),
  ),
  ...['4096', '63kB', '100GB', '4mb', '0MB'].map((value) =>
    refuse(TENANT, 'database.settings', { work_mem: value }, `work_mem must be ${MEMORY}`),
  ),
  refuse(PLAN, 'database.settings', { work_mem: 'lots' }, `work_mem must be ${MEMORY}`),
  refuse(PLAN, 'database.settings', { lock_timeout: 'soon' }, `lock_timeout must be ${TIMEOUT}`),
  refuse(PLAN, 'database.settings', { statement_timeout: '30' }, `statement_timeout must be ${TIMEOUT}`),
  refuse(
    PLAN,
    'database.settings',
    { idle_in_transaction_session_timeout: '30' },
    `idle_in_transaction_session_timeout must be ${TIMEOUT}`,
  ),
  refuse(PLAN, 'database.settings', { timezone: 'here, now' }, 'timezone must be UTC or the name of a time zone, such as Europe/Berlin'),
  ...['Berlin!', "UTC'", '+2', ''].map((value) =>
    refuse(TENANT, 'database.settings', { timezone: value }, 'timezone must be UTC or the name of a time zone, such as Europe/Berlin'),
  ),
  refuse(
    TENANT,
    'database.settings',
    { statement_timeout: 30 },
    { at: 'spec.database.settings.statement_timeout', sentence: 'must be of type string: "integer"' },
  ),
];

const tenants: readonly Refusal[] = [
  refuse(TENANT, 'displayName', '', 'should be at least 1 chars long'),
  refuse(TENANT, 'displayName', 'x'.repeat(121), 'Too long: may not be more than 120 bytes'),
  refuse(TENANT, 'displayName', undefined, 'Required value'),
  refuse(TENANT, 'plan', 'Pro!', `must be the name of a TenantPlan: ${OWN_NAME}`),
  refuse(TENANT, 'release', 'v1.2', `must be the name of a SchemaRelease: ${OWN_NAME}`),
  refuse(TENANT, 'database.server', 'Main', `must be the name of a PostgresServer: ${OWN_NAME}`),
  refuse(TENANT, 'aiCredits.monthlyAllowance', -1, 'should be greater than or equal to 0'),
  refuse(TENANT, 'aiCredits.monthlyAllowance', 1.5, 'must be of type int64'),
  refuse(TENANT, 'database.connectionLimit', 0, 'should be greater than or equal to 1'),
  refuse(TENANT, 'database.connectionLimit', 1001, 'should be less than or equal to 1000'),
  ...['Pgcrypto', '1st', 'x y', 'x;drop', ''].map((value) =>
    refuse(TENANT, 'database.extensions', [value], { at: 'spec.database.extensions[0]', sentence: EXTENSION }),
  ),
  refuse(TENANT, 'database.extensions', ['citext', 'citext'], { at: 'spec.database.extensions[1]', sentence: 'Duplicate value: "citext"' }),
  refuse(TENANT, 'database.extensions', numbered(21, 'e'), 'must have at most 20 items'),
  refuse(
    TENANT,
    'ingress.customDomains',
    numbered(21, 'd').map((label) => `${label}.example`),
    'must have at most 20 items',
  ),
  refuse(TENANT, 'ingress.customDomains', ['a.example', 'b.example', 'a.example'], {
    at: 'spec.ingress.customDomains[2]',
    sentence: 'Duplicate value: "a.example"',
  }),
  refuse(TENANT, 'ingress.annotations', { 'nginx.ingress.kubernetes.io/configuration-snippet': 'x' }, SNIPPET),
  refuse(TENANT, 'ingress.annotations', { 'nginx.org/server-snippets': 'x' }, SNIPPET),
  refuse(TENANT, 'ingress.annotations', { 'not a key': 'x' }, KEY),
  refuse(TENANT, 'ingress.className', 'Nginx', `must be the name of an IngressClass: ${NAME}`),
  refuse(TENANT, 'ingress.tls.secretName', 'my_tls', `must be the name of a Secret: ${NAME}`),
  refuse(TENANT, 'ingress.tls.issuer.name', 'Let’s Encrypt', `must be the name of an issuer of certificates: ${NAME}`),
  refuse(TENANT, 'ingress.tls.issuer.kind', 'Vault', 'supported values: "ClusterIssuer", "Issuer"'),
  ...['30', '10m', '0d', '1h30m', 'monthly'].map((value) => refuse(TENANT, 'credentials.rotateEvery', value, ROTATION)),
  refuse(TENANT, 'deletionPolicy', 'Keep', 'supported values: "Retain", "Delete"'),
  refuse(TENANT, 'suspended', 'yes', 'must be of type boolean: "string"'),
];

const servers: readonly Refusal[] = [
  ...['', 'Pg-Main', 'postgresql://pg', 'pg:5432', '/var/run/postgresql', 'pg main'].map((value) => refuse(SERVER, 'host', value, HOST)),
  refuse(SERVER, 'host', undefined, 'Required value'),
  refuse(SERVER, 'adminSecretRef', undefined, 'Required value'),
  refuse(SERVER, 'adminSecretRef.name', 'Admin', `must be the name of a Secret: ${NAME}`),
  refuse(SERVER, 'adminSecretRef.namespace', 'a.b', `must be the name of a namespace: ${OWN_NAME}`),
  ...['port', 'connect.port', 'direct.port'].flatMap((path) => [
    refuse(SERVER, path, 0, 'should be greater than or equal to 1'),
    refuse(SERVER, path, 65_536, 'should be less than or equal to 65535'),
  ]),
  refuse(SERVER, 'connect.host', 'Pooler', HOST),
  refuse(SERVER, 'direct.host', 'a:1', HOST),
  refuse(SERVER, 'tls.caSecretRef.name', 'Ca', `must be the name of a Secret: ${NAME}`),
  refuse(SERVER, 'tls.caSecretRef.namespace', 'a.b', `must be the name of a namespace: ${OWN_NAME}`),
  refuse(SERVER, 'tls', { mode: 'verify-full' }, NEEDS_CA),
  refuse(SERVER, 'tls', { mode: 'verify-ca' }, NEEDS_CA),
  refuse(SERVER, 'tls.mode', 'prefer', 'supported values: "disable", "require", "verify-ca", "verify-full"'),
  refuse(SERVER, 'maintenanceDatabase', 'template1', 'the maintenance database cannot be a template database'),
  refuse(
    SERVER,
    'maintenanceDatabase',
    'a b',
    "a database's name begins with a letter or underscore and has letters, digits, underscores and hyphens only",
  ),
  refuse(SERVER, 'capacity.maxDatabases', 0, 'should be greater than or equal to 1'),
  refuse(SERVER, 'capacity.maxDatabases', 100_001, 'should be less than or equal to 100000'),
];

const plans: readonly Refusal[] = [
  refuse(PLAN, 'aiCredits.monthlyAllowance', -1, 'should be greater than or equal to 0'),
  refuse(PLAN, 'database.connectionLimit', 0, 'should be greater than or equal to 1'),
  refuse(PLAN, 'database.connectionLimit', 1001, 'should be less than or equal to 1000'),
  refuse(PLAN, 'subscription.trialDays', -1, 'should be greater than or equal to 0'),
  refuse(PLAN, 'subscription.trialDays', 3651, 'should be less than or equal to 3650'),
  refuse(PLAN, 'database.serverSelector.matchExpressions', [{ key: 'a', operator: 'Gt', values: ['1'] }], {
    at: 'spec.database.serverSelector.matchExpressions[0].operator',
    sentence: 'supported values: "In", "NotIn", "Exists", "DoesNotExist"',
  }),
  refuse(PLAN, 'database.serverSelector.matchExpressions', [{ key: '', operator: 'Exists' }], {
    at: 'spec.database.serverSelector.matchExpressions[0].key',
    sentence: 'should be at least 1 chars long',
  }),
  ...[
    { key: 'a', operator: 'In' },
    { key: 'a', operator: 'In', values: [] },
    { key: 'a', operator: 'Exists', values: ['b'] },
  ].map((value) =>
    refuse(PLAN, 'database.serverSelector.matchExpressions', [value], {
      at: 'spec.database.serverSelector.matchExpressions[0]',
      sentence: SELECTOR,
    }),
  ),
];

const releases: readonly Refusal[] = [
  refuse(RELEASE, 'version', 0, 'should be greater than or equal to 1'),
  refuse(RELEASE, 'version', undefined, 'Required value'),
  refuse(RELEASE, 'version', '7', 'must be of type integer: "string"'),
  ...['', 'a b', '-a'].map((value) => refuse(RELEASE, 'image', value, 'an image is a reference such as registry.example/studio-schema:7')),
  refuse(RELEASE, 'command', [], 'should have at least 1 items'),
  ...['DATABASE_URL', 'PGHOST', 'STUDIO_TENANT'].map((name) =>
    refuse(RELEASE, 'env', [{ name }], { at: 'spec.env[0].name', sentence: OPERATORS_OWN }),
  ),
  refuse(RELEASE, 'env', [{ name: 'A-B' }], {
    at: 'spec.env[0].name',
    sentence: "a variable's name begins with a letter or underscore and has letters, digits and underscores only",
  }),
  refuse(RELEASE, 'env', [{ name: 'A' }, { name: 'A' }], { at: 'spec.env[1]', sentence: 'Duplicate value: {"name":"A"}' }),
  refuse(RELEASE, 'resources.limits.memory', 'lots', { at: 'spec.resources.limits[memory]', sentence: QUANTITY }),
  refuse(RELEASE, 'resources.requests.cpu', '1 core', { at: 'spec.resources.requests[cpu]', sentence: QUANTITY }),
  refuse(RELEASE, 'resources.limits.cpu', -1, { at: 'spec.resources.limits[cpu]', sentence: QUANTITY }),
  refuse(RELEASE, 'backoffLimit', -1, 'should be greater than or equal to 0'),
  refuse(RELEASE, 'backoffLimit', 11, 'should be less than or equal to 10'),
  refuse(RELEASE, 'activeDeadlineSeconds', 0, 'should be greater than or equal to 1'),
  refuse(RELEASE, 'activeDeadlineSeconds', 86_401, 'should be less than or equal to 86400'),
  ...['10', '1h', '0s', '1.5s'].map((value) => refuse(RELEASE, 'lockTimeout', value, LOCK)),
  refuse(RELEASE, 'maxFailures', 0, 'should be greater than or equal to 1'),
  refuse(RELEASE, 'imagePullSecrets', [{ name: 'R_' }], {
    at: 'spec.imagePullSecrets[0].name',
    sentence: `must be the name of a Secret: ${NAME}`,
  }),
];

export const REFUSALS: readonly Refusal[] = [...subdomains, ...domains, ...settings, ...tenants, ...servers, ...plans, ...releases];

interface Cause {
  readonly at: string;
  readonly sentence: string;
}

/** The API server points at the changed path unless another place is given. */
function refuse(kind: Kind, path: string, value: unknown, cause: string | Cause): Refusal {
  const { at, sentence } = typeof cause === 'string' ? { at: `spec.${path}`, sentence: cause } : cause;
  return { kind, path, value, field: at, sentence };
}

function numbered(count: number, prefix: string): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}
