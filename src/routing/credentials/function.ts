/*
 * Credentials from a function of the application's own. Separate from the other sources, each of which brings its own
 * way of reading.
 */
import type { Tenant } from '../tenant.ts';
import type { Credentials, CredentialsProvider } from './provider.ts';

/**
 * `read` is called for a tenant's first connection, and again, with `fresh`, when what it returned was refused or is
 * older than the tenant's generation: then it must not answer from a cache. What it throws reaches who waits, as the
 * cause of a TenantUnavailable.
 */
export function functionCredentials(
  read: (
    tenant: Tenant,
    options: { readonly fresh: boolean; readonly signal?: AbortSignal | undefined },
  ) => Credentials | Promise<Credentials>,
): CredentialsProvider {
  return { get: async (tenant, options) => await read(tenant, options) };
}
