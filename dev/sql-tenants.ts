// A platform of SQL alone: a PostgreSQL server with a migrated master database and tenants in it, made by hand as the operator would
// have left them. For tests and benchmarks of what stands behind the master database - routing, the application - which need many
// tenants in seconds and neither Kubernetes nor an operator.

import { pino } from 'pino';
import { masterTarget } from '../src/master/master-target.ts';
import { migrateMaster } from '../src/master/migrate.ts';
import type { CredentialsProvider, Credentials } from '../src/routing/credentials/provider.ts';
import { TenantUnavailable } from '../src/routing/errors.ts';
import { startPostgres, type PostgresOptions, type PostgresServer } from './postgres.ts';
import { prepareApplicationLogin } from './postgres/application-login.ts';
import { databaseUrl, prepareTemplate, withConnection } from './sql-tenants/databases.ts';
import { SET_DOMAINS, type TenantStatus } from './sql-tenants/rows.ts';
import { addTenants, rotate, setStatus, type SqlTenant, type TenantOptions } from './sql-tenants/tenants.ts';

export type { SqlTenant } from './sql-tenants/tenants.ts';

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
  const add: SqlPlatform['addTenants'] = (subdomains, options = {}) => addTenants({ server, secrets, subdomains, options });
  return {
    server,
    masterUrl,
    applicationUrl,
    credentials: providerOf(secrets),
    secrets,
    master,
    superuser: (text, values, database = 'postgres') => withConnection(databaseUrl(superuserUrl, database), (run) => run(text, values)),
    addTenants: add,
    async addTenant(subdomain, options) {
      const [tenant] = await add([subdomain], options);
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

const providerOf = (secrets: ReadonlyMap<number, Credentials>): CredentialsProvider => ({
  get: async ({ organizationId }) => {
    const credentials = secrets.get(organizationId);
    if (credentials === undefined) throw new TenantUnavailable(`organization ${organizationId} has no credentials`);
    return await Promise.resolve(credentials);
  },
});
