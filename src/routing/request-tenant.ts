/*
 * The tenant of a request: what the directory knows of it, and its database. Separate because it is what applications
 * hold in their hands; one is made per request, so its methods are the class's and its making copies fields, no more.
 */
import type { LoanOptions, QueryResult, Statement, TenantClient, TenantPools, TransactionOptions } from './pools/types.ts';
import type { CredentialsReference, Tenant, TenantState } from './tenant.ts';

export class RequestTenant implements Tenant {
  readonly organizationId: number;
  readonly subdomain: string;
  readonly displayName: string;
  readonly state: TenantState;
  readonly databaseName: string;
  readonly server: Tenant['server'];
  readonly schema: Tenant['schema'];
  readonly credentials: CredentialsReference | undefined;
  readonly #tenant: Tenant;
  readonly #pools: TenantPools;

  constructor(tenant: Tenant, pools: TenantPools) {
    this.organizationId = tenant.organizationId;
    this.subdomain = tenant.subdomain;
    this.displayName = tenant.displayName;
    this.state = tenant.state;
    this.databaseName = tenant.databaseName;
    this.server = tenant.server;
    this.schema = tenant.schema;
    this.credentials = tenant.credentials;
    this.#tenant = tenant;
    this.#pools = pools;
  }

  /** One statement in the tenant's database, on any of its connections. Throws RoutingErrors and the server's own. */
  query<R = Record<string, unknown>>(statement: string | Statement, values?: readonly unknown[]): Promise<QueryResult<R>> {
    return this.#pools.query<R>(this.#tenant, statement, values);
  }

  /** `work` between BEGIN and COMMIT on one connection; rolled back when it throws. */
  transaction<T>(work: (client: TenantClient) => Promise<T>, options?: TransactionOptions): Promise<T> {
    return this.#pools.transaction(this.#tenant, work, options);
  }

  /** A connection for the time of `work`, for libraries that want one. It is given back in no transaction, or not at all. */
  withClient<T>(work: (client: TenantClient) => Promise<T>, options?: LoanOptions): Promise<T> {
    return this.#pools.withClient(this.#tenant, work, options);
  }
}
