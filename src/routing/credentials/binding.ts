/*
 * A tenant's credentials as the keys of its connection Secret, in the names of the Service Binding specification.
 * Separate because Secrets from the API server and mounted files hold the same keys, and both must be checked alike.
 */
import { TenantUnavailable, WrongTenant } from '../errors.ts';
import type { Tenant } from '../tenant.ts';
import type { Credentials } from './provider.ts';

/** The keys that are read; `host`, `port` and `uri` are not: where a tenant's database is says the directory. */
export const BINDING_KEYS = ['username', 'password', 'database', 'sslmode', 'ca.crt', 'generation'] as const;
export type BindingKey = (typeof BINDING_KEYS)[number];
export type Binding = Readonly<Partial<Record<BindingKey, string>>>;

const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
const WHOLE_NUMBER = /^\d{1,15}$/;

/**
 * `where` names the source in errors. Throws TenantUnavailable when a key is missing or unreadable, WrongTenant when
 * the binding is for another database: then names are mixed up, and nothing in it may be used.
 */
export function credentialsOf(binding: Binding, tenant: Tenant, where: string): Credentials {
  const { username, password, database, sslmode } = binding;
  if (username === undefined || password === undefined || database === undefined) {
    throw new TenantUnavailable(`${where} lacks one of username, password, database`);
  }
  if (database !== tenant.databaseName) throw new WrongTenant(`${where} is for another database than "${tenant.databaseName}"`);
  const mode = SSL_MODES.find((known) => known === (sslmode ?? 'disable'));
  if (mode === undefined) throw new TenantUnavailable(`${where} has the unknown sslmode "${sslmode}"`);
  const generation = binding.generation ?? '';
  return {
    username,
    password,
    database,
    sslmode: mode,
    ca: binding['ca.crt'],
    generation: WHOLE_NUMBER.test(generation) ? Number(generation) : undefined,
  };
}

/** A Kubernetes name of a Secret or namespace; what comes from a database becomes part of paths. */
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** Where the tenant's Secret is. Throws TenantUnavailable when there is none yet, or its name is none. */
export function referenceOf({ organizationId, credentials }: Tenant): { readonly namespace: string; readonly name: string } {
  if (credentials === undefined) throw new TenantUnavailable(`organization ${organizationId} has no credentials yet`);
  const { namespace, name } = credentials;
  if (!NAME.test(name) || !NAME.test(namespace) || name.includes('..')) {
    throw new TenantUnavailable(`organization ${organizationId} has credentials at no valid name`);
  }
  return { namespace, name };
}
