// How psql is to connect as a tenant: from the tenant's Secret to psql's environment. Pure: nothing here touches a file or a server.
// Separate from the running, so that what a session may do can be read and tried in one place.
import { CommandFailure } from '../session.ts';

/** What the tenant's Secret says; plain text. */
export interface Binding {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
  readonly sslmode: string;
  /** PEM of the authority. */
  readonly ca?: string;
}

interface SecretObject {
  readonly data?: Readonly<Record<string, string>>;
}

const NEEDED = ['host', 'port', 'database', 'username', 'password'] as const;

/** psql shows these words, and a line break would end the password file's line: the operator writes none. */
const CONTROL = /\p{Cc}/u;

/** Throws a CommandFailure that names the key that is missing or not to be shown. */
export function bindingOf(secret: SecretObject, secretName: string): Binding {
  const values = Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
  const missing = NEEDED.find((key) => (values[key] ?? '') === '');
  if (missing !== undefined) throw new CommandFailure(`the Secret "${secretName}" has no ${missing}`);
  const odd = ['host', 'database', 'username', 'sslmode'].find((key) => CONTROL.test(values[key] ?? ''));
  if (odd !== undefined) throw new CommandFailure(`the Secret "${secretName}" has control characters in its ${odd}`);
  const { host = '', port, database = '', username = '', password = '', sslmode = 'require', 'ca.crt': ca } = values;
  return { host, port: Number(port), database, username, password, sslmode, ...(ca === undefined ? {} : { ca }) };
}

export interface Connection {
  readonly binding: Binding;
  readonly readOnly: boolean;
  /** Where the host is reached instead of by its own address: this end of a port-forward. The host's name goes on being verified. */
  readonly through?: { readonly address: string; readonly port: number };
}

export interface Files {
  readonly passfile: string;
  readonly rootcert: string;
}

/** Modes in which libpq checks the server's certificate, for which it needs the authority. */
const VERIFYING = new Set(['verify-ca', 'verify-full']);

/** The two files that psql is pointed to. */
export function fileContents({ binding }: Connection): { readonly passfile: string; readonly rootcert: string | undefined } {
  const escaped = (text: string): string => text.replaceAll(/[\\:]/g, String.raw`\$&`);
  const { database, username, password, ca, sslmode } = binding;
  return {
    passfile: `*:*:${escaped(database)}:${escaped(username)}:${escaped(password)}\n`,
    rootcert: VERIFYING.has(sslmode) ? ca : undefined,
  };
}

/** Of psql's environment: the surroundings without what would lead it elsewhere, and the connection. Never the password itself. */
export function psqlEnvironment(surroundings: NodeJS.ProcessEnv, connection: Connection, { passfile, rootcert }: Files): NodeJS.ProcessEnv {
  const { binding, readOnly, through } = connection;
  const kept = Object.fromEntries(Object.entries(surroundings).filter(([name]) => !/^PG(?!_COLOR)/.test(name)));
  return {
    ...kept,
    PGHOST: binding.host,
    ...(through === undefined ? {} : { PGHOSTADDR: through.address }),
    PGPORT: String(through?.port ?? binding.port),
    PGDATABASE: binding.database,
    PGUSER: binding.username,
    PGPASSFILE: passfile,
    PGSSLMODE: binding.sslmode,
    // Always set: libpq would else take an authority of the user's own for this server's.
    PGSSLROOTCERT: rootcert,
    PGAPPNAME: 'kubectl-studio',
    PGCONNECT_TIMEOUT: '10',
    // Asked for here, and asked about before the session: a pooler may refuse it, or take it and do nothing with it.
    ...(readOnly ? { PGOPTIONS: '-c default_transaction_read_only=on' } : {}),
  };
}

/**
 * psql's arguments: the prompt says whose database it is, and whether it can be written to. The database's name is psql's own `%/`:
 * psql runs what stands between backquotes in a prompt, and the name in the Secret may have been written by somebody else.
 */
export function psqlArguments({ readOnly }: Connection, tenant: string, rest: readonly string[]): readonly string[] {
  const mode = readOnly ? 'read-only' : 'WRITABLE';
  return [`--set=PROMPT1=${tenant} %/ (${mode})%R%x%# `, ...rest];
}

/** `pg-main.databases.svc`, also with the cluster's domain: the Service that a host in a cluster is. */
export function serviceOf(host: string): { readonly name: string; readonly namespace: string } | undefined {
  const [, name, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.[a-z0-9.-]+)?\.?$/i.exec(host) ?? [];
  return name === undefined || namespace === undefined ? undefined : { name, namespace };
}
