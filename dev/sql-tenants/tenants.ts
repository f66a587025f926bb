// What is done to the tenants of a platform of SQL alone: added with databases or as rows only, suspended, given a new password. Separate
// from the platform because each of these is a sequence over two databases, in the order that an operator would keep.

import type { Credentials } from '../../src/routing/credentials/provider.ts';
import { newPassword, type PostgresServer } from '../postgres.ts';
import { allowLogin, createDatabase, dropDatabase, setPassword, withConnection } from './databases.ts';
import { COMPLETE_ORGANIZATIONS, ERASE, INSERT_ORGANIZATIONS, SET_DOMAINS, SUBSCRIBE_ORGANIZATIONS, type TenantStatus } from './rows.ts';

export interface SqlTenant {
  readonly organizationId: number;
  readonly subdomain: string;
  readonly databaseName: string;
  readonly username: string;
  /** The first one; `credentials` knows the present one. */
  readonly password: string;
}

export interface TenantOptions {
  /** With `addTenants`, the last one has them. */
  readonly domains?: readonly string[];
  /** Default: active. */
  readonly status?: TenantStatus;
  /** Default 1; null: not migrated yet. */
  readonly schemaVersion?: number | null;
  readonly displayName?: string;
  /** Of the login; default 20. */
  readonly connectionLimit?: number;
  /** False: rows only. Default true. */
  readonly database?: boolean;
  /** Default: free, 100. */
  readonly plan?: string;
  readonly credits?: number;
}

const DEFAULT_CONNECTION_LIMIT = 20;
const DEFAULT_CREDITS = 100;
/** CREATE DATABASE is work of the disk more than of this process. */
const DATABASES_AT_ONCE = 4;

export interface Addition {
  readonly server: PostgresServer;
  readonly secrets: Map<number, Credentials>;
  readonly subdomains: readonly string[];
  readonly options: TenantOptions;
}

export const addTenants = async ({ server, secrets, subdomains, options }: Addition): Promise<readonly SqlTenant[]> => {
  const { masterUrl, superuserUrl } = server;
  const { status = 'active', schemaVersion = 1, plan = 'free', credits = DEFAULT_CREDITS } = options;
  const tenants = await addRows(server, subdomains, options);
  if (options.database !== false) await addDatabases(superuserUrl, tenants, options);
  for (const tenant of tenants) secrets.set(tenant.organizationId, { ...loginOf(tenant), generation: 1 });
  const ids = tenants.map(({ organizationId }) => organizationId);
  await withConnection(masterUrl, async (run) => {
    // Served only once it can be reached.
    await run(COMPLETE_ORGANIZATIONS, [ids, status, schemaVersion]);
    await run(SUBSCRIBE_ORGANIZATIONS, [ids, plan, credits]);
    for (const id of ids) if (options.domains !== undefined) await run(SET_DOMAINS, [id, options.domains]);
  });
  return tenants;
};

const addRows = async (
  { masterUrl, host, port }: PostgresServer,
  subdomains: readonly string[],
  { displayName = null }: { readonly displayName?: string | null },
): Promise<readonly SqlTenant[]> => {
  const rows = await withConnection(masterUrl, (run) =>
    run<Pick<SqlTenant, 'organizationId' | 'subdomain' | 'databaseName'>>(INSERT_ORGANIZATIONS, [subdomains, host, port, displayName]),
  );
  return rows.map(({ organizationId, subdomain, databaseName }) => ({
    organizationId,
    subdomain,
    databaseName,
    username: databaseName,
    password: newPassword(),
  }));
};

const addDatabases = async (
  superuserUrl: string,
  tenants: readonly SqlTenant[],
  { connectionLimit = DEFAULT_CONNECTION_LIMIT, status = 'active' }: TenantOptions,
): Promise<void> => {
  const waiting = tenants.values();
  const work = async (): Promise<void> => {
    await withConnection(superuserUrl, async (run) => {
      for (const tenant of waiting) {
        await createDatabase(run, tenant, connectionLimit);
        if (!mayLogIn(status)) await allowLogin(run, tenant.databaseName, false);
      }
    });
  };
  await Promise.all(Array.from({ length: Math.min(DATABASES_AT_ONCE, tenants.length) }, work));
};

export const setStatus = async (
  { masterUrl, superuserUrl }: PostgresServer,
  tenant: SqlTenant,
  status: TenantStatus | 'deleted',
): Promise<void> => {
  const { organizationId, databaseName } = tenant;
  await withConnection(masterUrl, (run) =>
    status === 'deleted'
      ? run(ERASE, [organizationId])
      : run('UPDATE organizations SET status = $2 WHERE id = $1', [organizationId, status]),
  );
  await withConnection(superuserUrl, async (run) => {
    const exists = await run('SELECT FROM pg_roles WHERE rolname = $1', [databaseName]);
    if (exists.length === 0) return; // rows only
    await allowLogin(run, databaseName, mayLogIn(status));
    if (status === 'deleted') await dropDatabase(run, databaseName);
  });
};

export const rotate = async (
  { masterUrl, superuserUrl }: PostgresServer,
  secrets: Map<number, Credentials>,
  tenant: SqlTenant,
): Promise<void> => {
  const { organizationId } = tenant;
  const password = newPassword();
  await withConnection(superuserUrl, (run) => setPassword(run, { ...tenant, password }));
  const generation = (secrets.get(organizationId)?.generation ?? 0) + 1;
  secrets.set(organizationId, { ...loginOf(tenant), password, generation });
  await withConnection(masterUrl, (run) =>
    run('UPDATE organizations SET credentials_generation = $2 WHERE id = $1', [organizationId, generation]),
  );
};

const mayLogIn = (status: TenantStatus | 'deleted'): boolean => status === 'active' || status === 'provisioning' || status === 'failed';

const loginOf = ({ username, password, databaseName }: SqlTenant): Credentials => ({ username, password, database: databaseName });
