// Platforms to measure on: a PostgreSQL server with a master database and as many tenants as asked for. Separate because the parts of the
// benchmark differ in how many, and in how many connections the server admits.

import type { PostgresServer } from '../../dev/postgres.ts';
import type { StartedParts } from '../../dev/cluster/started-parts.ts';
import { withProgress } from '../../dev/progress.ts';
import { startSqlPlatform, type SqlPlatform, type SqlTenant } from '../../dev/sql-tenants.ts';
import { LOG_LINE_PREFIX } from './sqlstate-count.ts';
import { SETUP, type TenantLogin } from './variants.ts';

export const BASE_DOMAIN = 'platform.localhost';

const SETTINGS: Readonly<Record<string, string>> = {
  // A checkpoint in the middle would hit one side of a comparison and not the other.
  max_wal_size: '8GB',
  checkpoint_timeout: '1h',
  shared_buffers: '512MB',
  log_line_prefix: LOG_LINE_PREFIX,
  // Fewer workers that wake up among the measured processes.
  autovacuum: 'off',
};

export interface Platform {
  readonly server: PostgresServer;
  readonly applicationUrl: string;
  readonly sql: SqlPlatform;
  /** With a database of its own. */
  readonly tenants: readonly TenantLogin[];
  /** Hosts of tenants that are only known, `tenants` not among them. */
  readonly others: readonly string[];
}

export interface PlatformSize {
  readonly databases: number;
  readonly rowsOnly: number;
  readonly maxConnections: number;
}

/** Logins are limited by the measured pools alone. */
const CONNECTION_LIMIT = 500;
/** Databases between two looks at what was asked to stop. */
const AT_A_TIME = 25;

export const startPlatform = async (size: PlatformSize, parts: StartedParts, signal: AbortSignal): Promise<Platform> => {
  const settings = { ...SETTINGS, max_connections: String(size.maxConnections) };
  const sql = await startSqlPlatform({ postgres: { settings }, setup: SETUP });
  parts.add({ stop: async () => await sql[Symbol.asyncDispose]() });
  const tenants = await databases(sql, size.databases, signal);
  const others = names('known', size.rowsOnly);
  await sql.addTenants(others, { database: false });
  await sql.master('ANALYZE');
  return { server: sql.server, applicationUrl: sql.applicationUrl, sql, tenants: tenants.map(loginOf), others: others.map(hostOf) };
};

const databases = async (sql: SqlPlatform, count: number, signal: AbortSignal): Promise<readonly SqlTenant[]> => {
  const made: SqlTenant[] = [];
  const waiting = names('studio', count);
  await withProgress(
    `Making ${count} databases`,
    async () => {
      while (waiting.length > 0) {
        signal.throwIfAborted();
        made.push(...(await sql.addTenants(waiting.splice(0, AT_A_TIME), { connectionLimit: CONNECTION_LIMIT })));
      }
    },
    () => `${made.length} of ${count}`,
  );
  return made;
};

const names = (kind: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${kind}-${index}`);

const hostOf = (subdomain: string): string => `${subdomain}.${BASE_DOMAIN}`;

const loginOf = ({ subdomain, organizationId, databaseName, username, password }: SqlTenant): TenantLogin => ({
  host: hostOf(subdomain),
  organizationId,
  database: databaseName,
  username,
  password,
});
