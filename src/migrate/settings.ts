/**
 * What `migrate` is told: folders as arguments, the connection and the names of things in the environment.
 * Separate from the run so that everything wrong is found, and named, before anything is tried.
 */
import { readFileSync, statSync } from 'node:fs';

import { TlsMode } from '../api/postgres-server.ts';
import type { MigrationTarget } from '../clients/postgres/migration-connection.ts';
import { integer, oneOf, postgresUrl, text } from '../config/kinds.ts';
import { optional, readSettings, setting, settingsHelp, type Environment, type ValuesOf } from '../config/read.ts';

const secret = <T>(one: T): T & { readonly secret: true } => ({ ...one, secret: true });

const MIGRATE_SETTINGS = {
  databaseUrl: secret(
    optional('DATABASE_URL', postgresUrl, 'The database, with the login to work as. What it leaves out is taken from PG….'),
  ),
  host: optional('PGHOST', text, 'Host of the server.'),
  port: setting('PGPORT', integer(1, 65_535), '5432', 'Port of the server; never a transaction pooler.'),
  database: optional('PGDATABASE', text, 'Name of the database.'),
  user: optional('PGUSER', text, 'Login to work as.'),
  password: secret(optional('PGPASSWORD', text, 'Its password.')),
  sslMode: optional(
    'PGSSLMODE',
    oneOf(...Object.values(TlsMode)),
    "As libpq's sslmode; verify-full where a certificate authority is given, else require.",
  ),
  sslRootCert: optional('PGSSLROOTCERT', text, 'PEM file with the certificate authority.'),
  tenant: optional('STUDIO_TENANT', text, 'Name of the tenant, for the output.'),
  organizationId: optional('STUDIO_ORGANIZATION_ID', text, 'Its organization, for the output.'),
  release: optional('STUDIO_RELEASE', text, 'Name of the release, for the output.'),
} as const;

const DEFAULT_FOLDER = 'migrations';

export interface MigrateSettings {
  /** At least one; all of them exist. */
  readonly folders: readonly string[];
  readonly target: MigrationTarget;
  /** Who and what, for the first line of the output. */
  readonly subject: string;
}

export type MigrateReading =
  | { readonly ok: true; readonly settings: MigrateSettings }
  | { readonly ok: false; readonly problems: readonly string[] };

/** @param argv without the program */
export function readMigrateSettings(env: Environment, argv: readonly string[]): MigrateReading {
  const named = argv.filter((argument) => !argument.startsWith('-'));
  const folders = named.length === 0 ? [DEFAULT_FOLDER] : named;
  const { values, problems } = readSettings(
    MIGRATE_SETTINGS,
    env,
    argv.filter((argument) => argument.startsWith('-')),
  );
  const { target, missing } = targetOf(values);
  const all = [...problems, ...missing, ...folders.flatMap(folderProblem)];
  if (all.length > 0 || target === undefined) return { ok: false, problems: all };
  return { ok: true, settings: { folders, target, subject: subjectOf(values, target) } };
}

export function migrateHelp(): string {
  return [
    'migrate: brings one tenant database to a release by running the migrations it does not have yet.',
    '',
    'Usage: migrate [FOLDER...]',
    '',
    `  FOLDER   Folders with migrations of node-pg-migrate (.sql, .js, .mjs, .cjs, .ts), run as one list in the order`,
    `           of the numbers their names begin with. Default: ${DEFAULT_FOLDER}`,
    '',
    'All of them run in one transaction: on failure nothing is changed.',
    '',
    settingsHelp(MIGRATE_SETTINGS),
    '',
    'Exit codes:',
    '  0    all migrations are in',
    '  64   wrong arguments or environment, nothing was tried',
    '  65   a migration failed and was rolled back; the same again would fail again',
    '  75   the server was away or full, or a lock was not to be had: worth another try',
    '',
  ].join('\n');
}

type Values = ValuesOf<typeof MIGRATE_SETTINGS>;

/** DATABASE_URL wins over PG…, part by part. */
function targetOf(values: Values): { readonly target: MigrationTarget | undefined; readonly missing: readonly string[] } {
  const { host, user, database, password = '', port } = { ...definedOnly(values), ...urlParts(values.databaseUrl) };
  const missing = Object.entries({ PGHOST: host, PGUSER: user, PGDATABASE: database })
    .filter(([, value]) => value === undefined)
    .map(([name]) => `${name} is missing: expected in the environment, or in DATABASE_URL`);
  if (host === undefined || user === undefined || database === undefined) return { target: undefined, missing };
  const tls = tlsOf(values);
  if ('problem' in tls) return { target: undefined, missing: [...missing, tls.problem] };
  return { target: { host, user, database, password, port: Number(port), tls, applicationName: 'studio-migrate' }, missing };
}

type Parts = { readonly [K in 'host' | 'port' | 'user' | 'password' | 'database']?: string };

function definedOnly({ host, port, user, password, database }: Values): Parts {
  return present({ host, port: String(port), user, password, database });
}

function urlParts(databaseUrl: string | undefined): Parts {
  if (databaseUrl === undefined) return {};
  const url = new URL(databaseUrl);
  const encoded = present({
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port,
    user: url.username,
    password: url.password,
    database: url.pathname.slice(1),
  });
  return Object.fromEntries(Object.entries(encoded).map(([name, part]) => [name, decodeURIComponent(part)]));
}

function present(parts: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(parts).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''));
}

function tlsOf(values: Values): MigrationTarget['tls'] | { readonly problem: string } {
  const url = values.databaseUrl === undefined ? undefined : new URL(values.databaseUrl);
  const given = url?.searchParams.get('sslmode') ?? values.sslMode;
  const file = url?.searchParams.get('sslrootcert') ?? values.sslRootCert;
  const mode = Object.values(TlsMode).find((known) => known === (given ?? (file === undefined ? 'require' : 'verify-full')));
  if (mode === undefined)
    return { problem: `sslmode in DATABASE_URL cannot be "${given}": expected one of ${Object.values(TlsMode).join(', ')}` };
  if (file === undefined) return { mode };
  try {
    return { mode, ca: readFileSync(file, 'utf8') };
  } catch (error) {
    return { problem: `PGSSLROOTCERT cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function folderProblem(folder: string): readonly string[] {
  const found = statSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true ? [] : [`${folder} is no folder: expected one with migrations, relative to ${process.cwd()}`];
}

function subjectOf(values: Values, target: MigrationTarget): string {
  const who = [
    values.tenant === undefined ? undefined : `tenant ${values.tenant}`,
    values.organizationId === undefined ? undefined : `organization ${values.organizationId}`,
    values.release === undefined ? undefined : `release ${values.release}`,
    `database ${target.database} at ${target.host}:${target.port}`,
  ];
  return who.filter((part) => part !== undefined).join(', ');
}
