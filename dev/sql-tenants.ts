// A platform of SQL alone: a PostgreSQL server with a migrated master database and tenants in it, made by hand as the operator would
// have left them. For tests and benchmarks of what stands behind the master database - routing, the application - which need many
// tenants in seconds and neither Kubernetes nor an operator.

import { pino } from 'pino';
import { masterTarget } from '../src/master/master-target.ts';
import { migrateMaster } from '../src/master/migrate.ts';
import type { CredentialsProvider, Credentials } from '../src/routing/credentials/provider.ts';
import { TenantUnavailable } from '../src/routing/errors.ts';
import { newPassword, startPostgres, type PostgresOptions, type PostgresServer } from './postgres.ts';
import { prepareApplicationLogin } from './postgres/application-login.ts';
import {
  allowLogin,
  createDatabase,
  databaseUrl,
  dropDatabase,
  prepareTemplate,
  setPassword,
  withConnection,
} from './sql-tenants/databases.ts';
import {
  COMPLETE_ORGANIZATIONS,
  ERASE,
  INSERT_ORGANIZATIONS,
  SET_DOMAINS,
  SUBSCRIBE_ORGANIZATIONS,
  type TenantStatus,
} from './sql-tenants/rows.ts';

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

export interface SqlPlatformOptions {
  readonly postgres?: PostgresOptions;
  /** SQL that makes the tables every tenant's database begins with. Default: sessions (id, title). */
  readonly setup?: string;
}

export interface SqlPlatform extends AsyncDisposable {
  readonly server: PostgresServer;
  /** The master database as its owner. */
  readonly masterUrl: string;
  /** The master database as the application's login, `studio_app`. */
  readonly applicationUrl: string;
  /** What the tenants' Secrets would say. */
  readonly credentials: CredentialsProvider;
  /** What is behind `credentials`, by organization id; may be changed, e.g. back to an old password. */
  readonly secrets: Map<number, Credentials>;
  addTenant(subdomain: string, options?: TenantOptions): Promise<SqlTenant>;
  /** All with the same options; a hundred databases take some seconds, ten thousand rows one. */
  addTenants(subdomains: readonly string[], options?: TenantOptions): Promise<readonly SqlTenant[]>;
  /** The row, then the login: only active and provisioning ones may log in. `deleted` erases the database as well. */
  setStatus(tenant: SqlTenant, status: TenantStatus | 'deleted'): Promise<void>;
  /** A new password: in the server, then in `secrets`, then the next generation in the row. */
  rotate(tenant: SqlTenant): Promise<void>;
  /** Takes them from other tenants that hold them. */
  setDomains(tenant: SqlTenant, domains: readonly string[]): Promise<void>;
  rename(tenant: SqlTenant, subdomain: string): Promise<void>;
  /** A statement in the master database, as its owner. */
  master<R extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<readonly R[]>;
  /** A statement as the superuser, in `postgres` or the database that is named. */
  superuser<R extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
    database?: string,
  ): Promise<readonly R[]>;
}

const DEFAULT_SETUP = 'CREATE TABLE sessions (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL)';
const DEFAULT_CONNECTION_LIMIT = 20;
const DEFAULT_CREDITS = 100;
/** CREATE DATABASE is work of the disk more than of this process. */
const DATABASES_AT_ONCE = 4;

/** A server of its own, ended by `await using`; about two seconds. */
export const startSqlPlatform = async ({ postgres, setup = DEFAULT_SETUP }: SqlPlatformOptions = {}): Promise<SqlPlatform> => {
  const server = await startPostgres(postgres);
  try {
    const applicationUrl = await prepareMaster(server);
    await prepareTemplate(server.superuserUrl, setup);
    return platformOn(server, applicationUrl);
  } catch (error) {
    await server.stop();
    throw error;
  }
};

const prepareMaster = async ({ masterUrl, superuserUrl }: PostgresServer): Promise<string> => {
  const target = masterTarget({ url: masterUrl, ca: undefined, applicationName: 'sql-platform' });
  await migrateMaster({ target, log: pino({ level: 'silent' }) });
  return await prepareApplicationLogin({ administratorUrl: superuserUrl, masterUrl });
};

const platformOn = (server: PostgresServer, applicationUrl: string): SqlPlatform => {
  const { masterUrl, superuserUrl } = server;
  const secrets = new Map<number, Credentials>();
  const master: SqlPlatform['master'] = (text, values) => withConnection(masterUrl, (run) => run(text, values));
  const addTenants: SqlPlatform['addTenants'] = (subdomains, options = {}) => add({ server, secrets, subdomains, options });
  return {
    server,
    masterUrl,
    applicationUrl,
    credentials: providerOf(secrets),
    secrets,
    master,
    superuser: (text, values, database = 'postgres') => withConnection(databaseUrl(superuserUrl, database), (run) => run(text, values)),
    addTenants,
    async addTenant(subdomain, options) {
      const [tenant] = await addTenants([subdomain], options);
      if (tenant === undefined) throw new Error(`adding tenant "${subdomain}" made no row`);
      return tenant;
    },
    async setDomains({ organizationId }, domains) {
      await master(SET_DOMAINS, [organizationId, domains]);
    },
    async rename({ organizationId }, subdomain) {
      await master('UPDATE organizations SET subdomain = $2 WHERE id = $1', [organizationId, subdomain]);
    },
    setStatus: (tenant, status) => setStatus(server, tenant, status),
    rotate: (tenant) => rotate(server, secrets, tenant),
    [Symbol.asyncDispose]: () => server.stop(),
  };
};

interface Addition {
  readonly server: PostgresServer;
  readonly secrets: Map<number, Credentials>;
  readonly subdomains: readonly string[];
  readonly options: TenantOptions;
}

const add = async ({ server, secrets, subdomains, options }: Addition): Promise<readonly SqlTenant[]> => {
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

const setStatus = async (
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

const rotate = async ({ masterUrl, superuserUrl }: PostgresServer, secrets: Map<number, Credentials>, tenant: SqlTenant): Promise<void> => {
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

const providerOf = (secrets: ReadonlyMap<number, Credentials>): CredentialsProvider => ({
  get: async ({ organizationId }) => {
    const credentials = secrets.get(organizationId);
    if (credentials === undefined) throw new TenantUnavailable(`organization ${organizationId} has no credentials`);
    return await Promise.resolve(credentials);
  },
});
