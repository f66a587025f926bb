/*
 * Where a tenant's user name and password come from: the port between the pools and whatever holds them. Separate so
 * that an application can bring its own, and none of the pools' code knows Kubernetes.
 */
import type { SslMode } from '../ssl-options.ts';
import type { Tenant } from '../tenant.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** The database they are for. Pools refuse (WrongTenant) what is not the tenant's. */
  readonly database: string;
  /** As libpq's sslmode; default: disable. */
  readonly sslmode?: SslMode | undefined;
  /** PEM of the authority, for the verifying modes. */
  readonly ca?: string | undefined;
  /** Counts passwords, where the source knows. */
  readonly generation?: number | undefined;
}

export interface CredentialsProvider {
  /**
   * The tenant's credentials. `fresh`: those given before were refused, or are older than `tenant.credentials.generation`:
   * read them again from their source. Pools call it once at a time per tenant and keep what they get.
   * Throws TenantUnavailable when there are none now (no Secret yet, the source is away).
   */
  get(tenant: Tenant, options: { readonly fresh: boolean; readonly signal?: AbortSignal | undefined }): Promise<Credentials>;
  close?(): Promise<void>;
}
