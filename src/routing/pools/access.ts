/*
 * Where and as whom a tenant's connections are opened. Separate because it decides what a connection is good for: one
 * opened with another access is never handed out again.
 */
import type { Credentials } from '../credentials/provider.ts';
import { TenantUnavailable, WrongTenant } from '../errors.ts';
import type { Tenant } from '../tenant.ts';

export interface Access {
  readonly host: string;
  readonly port: number;
  /** The only database its connections may be in. */
  readonly database: string;
  readonly credentials: Credentials;
}

/** Throws WrongTenant when the credentials are for another database, TenantUnavailable when they cannot be used. */
export function accessOf(tenant: Tenant, credentials: Credentials): Access {
  const who = `organization ${tenant.organizationId}`;
  if (credentials.database !== tenant.databaseName) {
    throw new WrongTenant(`the credentials of ${who} are for another database than "${tenant.databaseName}"`);
  }
  // pg would take what is empty from the environment or from defaults.
  for (const [what, value] of Object.entries({
    'user name': credentials.username,
    password: credentials.password,
    database: credentials.database,
    host: tenant.server.host,
  })) {
    if (typeof value !== 'string' || value === '') throw new TenantUnavailable(`${who} has no ${what}`);
  }
  return { host: tenant.server.host, port: tenant.server.port, database: tenant.databaseName, credentials };
}

/** True when a connection opened with the one is as good as one opened with the other. */
export function sameAccess(one: Access, other: Access): boolean {
  return (
    one.host === other.host &&
    one.port === other.port &&
    one.database === other.database &&
    one.credentials.username === other.credentials.username &&
    one.credentials.password === other.credentials.password &&
    one.credentials.sslmode === other.credentials.sslmode &&
    one.credentials.ca === other.credentials.ca
  );
}

/** True when connections for the one tenant go to the same place as those for the other. */
export function sameTarget(one: Tenant, other: Tenant): boolean {
  return one.server.host === other.server.host && one.server.port === other.server.port && one.databaseName === other.databaseName;
}

export const generationOf = (tenant: Tenant): number => tenant.credentials?.generation ?? 0;

/** What connections are counted by. */
export const serverKey = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
