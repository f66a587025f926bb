/*
 * How every connection of the operator starts. Separate because these start-up options are what makes it safe to connect
 * into a database that a tenant can write to, and no connection may be made without them.
 *
 * With the default search_path a migration's own `lower(name)` runs with the operator's rights inside plain catalog
 * queries. Start-up options beat ALTER DATABASE SET and ALTER ROLE SET. Even so: all names are qualified or resolve in
 * pg_catalog, and nothing but catalogs is ever read, called or written in a tenant's database. SET ROLE is no sandbox.
 */
import type { ClientConfig } from 'pg';
import { type SslMode, sslOptions } from '../../routing/ssl-options.ts';
import type { System } from '../../runtime/unavailable.ts';

export interface TlsOptions {
  /** As libpq's sslmode. */
  readonly mode: SslMode;
  /** PEM. Needed by the verifying modes unless the system's own authorities are meant. */
  readonly ca?: string | undefined;
}

export interface ConnectionTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: TlsOptions;
  /** See `applicationName`: a new leader finds a former one's sessions by it. */
  readonly applicationName: string;
  /** After this a statement is ended by the server. */
  readonly statementTimeoutMs: number;
  /** More start-up settings, for what only some versions know; values without white space. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** Which system is away when there is no answer, and which one of them. */
  readonly system: System;
  readonly label?: string | undefined;
}

/** A tenant that holds its own row of pg_authid must not hold up the operator for longer. */
const LOCK_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;
/** The client gives up this much later than the server should have: then the server is not answering at all. */
const ANSWER_GRACE_MS = 5_000;

/** For pg.Client. The password is not in it: see client.ts. */
export function connectionOptions(target: ConnectionTarget): ClientConfig {
  return {
    host: target.host,
    port: target.port,
    user: target.user,
    database: target.database,
    application_name: target.applicationName,
    options: startUpOptions(target),
    ssl: sslOptions(target.tls.mode, target.tls.ca),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: target.statementTimeoutMs + ANSWER_GRACE_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

function startUpOptions(target: ConnectionTarget): string {
  const settings = {
    search_path: 'pg_catalog,pg_temp',
    lock_timeout: `${LOCK_TIMEOUT_MS}`,
    statement_timeout: `${target.statementTimeoutMs}`,
    idle_in_transaction_session_timeout: `${IDLE_IN_TRANSACTION_TIMEOUT_MS}`,
    ...target.settings,
  };
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${startUpValue(value)}`)
    .join(' ');
}

/** The server splits the options at white space and takes a backslash as an escape. */
function startUpValue(value: string): string {
  return value.replaceAll(/[\\\s]/g, (character) => `\\${character}`);
}
