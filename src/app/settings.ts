/*
 * Every setting of the application, and the object that the rest of it is handed. Read and complained about in the same way
 * as the operator's.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';

import { dnsLabel, dnsName, duration, integer, type Kind, listOf, oneOf, postgresUrl, text } from '../config/kinds.ts';
import {
  ConfigError,
  type Environment,
  optional,
  readSettings,
  requiredSecret,
  setting,
  settingsHelp,
  type ValuesOf,
} from '../config/read.ts';
import type { MasterOptions } from '../routing/index.ts';

/** Such as 10.0.0.0/8, 192.0.2.7 or fd00::/8. */
const network: Kind<string> = {
  expects: 'an address or a range such as 10.0.0.0/8',
  parse(value) {
    const [address = '', bits, ...rest] = value.split('/');
    const version = isIP(address);
    const isRange = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
    return version !== 0 && isRange && rest.length === 0 ? value : undefined;
  },
};

export const APPLICATION_SETTINGS = {
  masterDatabaseUrl: requiredSecret(
    'MASTER_DATABASE_URL',
    postgresUrl,
    'Where the master database is, with the login that grant_application was given; never its owner.',
  ),
  masterDatabaseCaFile: optional(
    'MASTER_DATABASE_CA_FILE',
    text,
    'PEM file with the authority that signed the certificate of the master database; makes TLS with full verification mandatory.',
  ),
  baseDomain: setting('BASE_DOMAIN', dnsName, 'platform.com', "The domain under which every tenant's subdomain lies; as the operator's."),
  minimumRelease: optional(
    'MINIMUM_RELEASE',
    integer(1, 1_000_000_000),
    'The least version of a SchemaRelease that is served: tenants behind it get 503.',
  ),
  trustedProxies: setting('TRUSTED_PROXIES', listOf(network), '', 'Proxies whose X-Forwarded-Host counts.'),

  credentialsDirectory: optional(
    'CREDENTIALS_DIRECTORY',
    text,
    "Folder with a folder per tenant's Secret, in place of Secrets read from the API server.",
  ),
  tenantNamespaces: setting(
    'TENANT_NAMESPACES',
    listOf(dnsLabel),
    '',
    'Namespaces whose Secrets may be read; empty leaves it to the rights in the cluster.',
  ),
  kubeconfig: optional('KUBECONFIG', text, "File with the cluster's address and credentials; without it the pod's ServiceAccount."),

  maxPools: setting('MAX_POOLS', integer(1, 10_000), '50', 'Tenants with open connections at the same time.'),
  maxConnectionsPerTenant: setting('MAX_CONNECTIONS_PER_TENANT', integer(1, 100), '4', "Connections to one tenant's database."),
  maxConnectionsPerServer: setting(
    'MAX_CONNECTIONS_PER_SERVER',
    integer(1, 10_000),
    '40',
    "Connections to one PostgreSQL server; all replicas together must stay below the server's max_connections.",
  ),

  listenHost: optional('LISTEN_HOST', text, 'Address to listen at; without it all addresses.'),
  listenPort: setting('LISTEN_PORT', integer(0, 65_535), '8080', 'Port to listen at; 0 lets the kernel choose.'),
  metricsPort: optional(
    'METRICS_PORT',
    integer(0, 65_535),
    'Port for /metrics, never the one that the Ingress leads to; 0 lets the kernel choose. Without it there are no metrics.',
  ),
  stopDelay: setting(
    'STOP_DELAY',
    duration('1ms'),
    '5s',
    'How long requests are still taken after SIGTERM, while /readyz says no: load balancers learn of it late.',
  ),
  gracefulStop: setting(
    'GRACEFUL_STOP',
    duration('1ms'),
    '20s',
    "Time to finish requests after that; keep both together under the pod's terminationGracePeriodSeconds.",
  ),
  logLevel: setting('LOG_LEVEL', oneOf('debug', 'info', 'warn', 'error'), 'info', 'The least important lines that are written.'),
  logFormat: setting('LOG_FORMAT', oneOf('auto', 'json', 'pretty'), 'auto', 'auto is pretty in a terminal and json elsewhere.'),
} as const;

/** Times are milliseconds. */
export interface ApplicationSettings extends Omit<ValuesOf<typeof APPLICATION_SETTINGS>, 'masterDatabaseCaFile'> {
  /** PEM. */
  readonly masterDatabaseCa: string | undefined;
}

/** `argv` is without the program. Throws ConfigError with everything that is wrong. */
export function applicationSettings(env: Environment, argv: readonly string[]): ApplicationSettings {
  const { values, problems } = readSettings(APPLICATION_SETTINGS, env, argv);
  const ca = problems.length > 0 ? {} : authority(values.masterDatabaseCaFile);
  const all = [...problems, ...contradictions(values), ...(ca.problem === undefined ? [] : [ca.problem])];
  if (all.length > 0) throw new ConfigError(all);
  const { masterDatabaseCaFile: _file, ...rest } = values;
  return Object.freeze({ ...rest, masterDatabaseCa: ca.pem });
}

/** As the operator has it: an authority makes verification mandatory, whatever the URL says. */
export function masterOptions({ masterDatabaseUrl, masterDatabaseCa: ca }: MasterSettings): MasterOptions {
  if (ca === undefined) return { url: masterDatabaseUrl };
  const url = new URL(masterDatabaseUrl);
  if (url.searchParams.get('sslmode') !== 'verify-ca') url.searchParams.set('sslmode', 'verify-full');
  return { url: url.href, ca };
}

type MasterSettings = Pick<ApplicationSettings, 'masterDatabaseUrl' | 'masterDatabaseCa'>;

export function applicationHelp(): string {
  return [
    'app: the studio application, one for all tenants: it finds the tenant of a request by its host name.',
    '',
    'Usage: app [flags]',
    '',
    'Every setting is a flag or an environment variable; the flag wins.',
    '',
    settingsHelp(APPLICATION_SETTINGS),
    '',
    'Exit codes: 0 after an orderly stop, 1 when it failed or requests had to be cut off, 2 when a setting is wrong.',
    '',
  ].join('\n');
}

function contradictions({ credentialsDirectory, tenantNamespaces }: Partial<ValuesOf<typeof APPLICATION_SETTINGS>>): readonly string[] {
  if (credentialsDirectory === undefined || (tenantNamespaces ?? []).length === 0) return [];
  return ['CREDENTIALS_DIRECTORY and TENANT_NAMESPACES are both set: with a folder no Secrets are read'];
}

function authority(file: string | undefined): { readonly pem?: string; readonly problem?: string } {
  if (file === undefined) return {};
  try {
    return { pem: readFileSync(file, 'utf8') };
  } catch (error) {
    return { problem: `MASTER_DATABASE_CA_FILE cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}
