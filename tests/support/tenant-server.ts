// A PostgreSQL server with tenants' databases in it and nothing else: what pools see of a platform. Separate from the SQL platform
// because these tests change tenants under the pools' feet in ways that no operator would.

import { randomBytes } from 'node:crypto';
import type { PostgresOptions } from '../../dev/postgres.ts';
import type { Credentials, CredentialsProvider } from '../../src/routing/credentials/provider.ts';
import { TenantUnavailable } from '../../src/routing/errors.ts';
import type { Tenant } from '../../src/routing/tenant.ts';
import { type FreshServer, freshServer, queryAs, type Row, withDatabase } from './postgres.ts';

export interface TenantServer extends AsyncDisposable {
  readonly server: FreshServer;
  readonly tenants: readonly Tenant[];
  /** What the source of the credentials says; missing: there are none. */
  readonly secrets: Map<number, Credentials>;
  /** Counts its calls per tenant. */
  readonly credentials: CredentialsProvider & { readonly reads: Map<number, number> };
  /** As the superuser, in `postgres` unless another database is named. */
  superuser<R extends Row = Row>(sql: string, database?: string): Promise<readonly R[]>;
  /** A new password on the server; the source is not told. Returns what it should say. */
  setPassword(tenant: Tenant): Promise<Credentials>;
  /** Processes of the tenant's sessions, from pg_stat_activity. */
  sessions(tenant?: Tenant): Promise<readonly { pid: number; state: string; query: string; datname: string }[]>;
}

const password = (): string => randomBytes(12).toString('hex');

/** Databases and logins studio_1_db ... studio_<count>_db, each with a table `marks(name)` that holds its own name. */
export const startTenantServer = async (
  count: number,
  postgres: PostgresOptions = {},
  { connectionLimit = -1 }: { connectionLimit?: number } = {},
): Promise<TenantServer> => {
  const server = await freshServer(postgres);
  const superuser: TenantServer['superuser'] = async (sql, database = 'postgres') =>
    await queryAs(withDatabase(server.superuserUrl, database), sql);
  const secrets = new Map<number, Credentials>();
  const reads = new Map<number, number>();
  const tenants = Array.from({ length: count }, (_, index) => tenantAt(index + 1, server));
  for (const { organizationId, databaseName } of tenants) {
    const secret = password();
    await superuser(`CREATE ROLE ${databaseName} LOGIN PASSWORD '${secret}' CONNECTION LIMIT ${connectionLimit}`);
    await superuser(`CREATE DATABASE ${databaseName} OWNER ${databaseName} TEMPLATE template0 STRATEGY file_copy`);
    await superuser(`REVOKE ALL ON DATABASE ${databaseName} FROM PUBLIC`);
    secrets.set(organizationId, { username: databaseName, password: secret, database: databaseName, generation: 1 });
  }
  return {
    server,
    tenants,
    secrets,
    superuser,
    credentials: {
      reads,
      get: async ({ organizationId }) => {
        reads.set(organizationId, (reads.get(organizationId) ?? 0) + 1);
        const found = secrets.get(organizationId);
        if (found === undefined) throw new TenantUnavailable(`no secret of ${organizationId}`);
        return found;
      },
    },
    setPassword: async ({ organizationId, databaseName }) => {
      const secret = password();
      await superuser(`ALTER ROLE ${databaseName} PASSWORD '${secret}'`);
      const generation = (secrets.get(organizationId)?.generation ?? 0) + 1;
      return { username: databaseName, password: secret, database: databaseName, generation };
    },
    sessions: async (tenant) =>
      await superuser(
        `SELECT pid, state, query, datname FROM pg_stat_activity WHERE datname LIKE 'studio_%_db' ${tenant === undefined ? '' : `AND datname = '${tenant.databaseName}'`}`,
      ),
    [Symbol.asyncDispose]: async () => await server.stop(),
  };
};

const tenantAt = (organizationId: number, { host, port }: FreshServer): Tenant => ({
  organizationId,
  subdomain: `studio-${organizationId}`,
  displayName: `Studio ${organizationId}`,
  state: 'active',
  databaseName: `studio_${organizationId}_db`,
  server: { name: 'main', host, port },
  schema: { release: 'v1', version: 1 },
  credentials: { namespace: 'studios', name: `studio-${organizationId}-database`, generation: 1 },
});

/** The same tenant with a later password. */
export const withGeneration = (tenant: Tenant, generation: number): Tenant => ({
  ...tenant,
  credentials: { namespace: 'studios', name: `${tenant.subdomain}-database`, generation },
});
