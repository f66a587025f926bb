/*
 * What routing knows of a tenant: one row of the master database's view tenant_routes. Types only, separate because the
 * directory makes them, and pools and middleware use them without knowing where they come from.
 */

/** What the organization's status means to an application. `deleted`: its host was served by this process before, and is gone. */
export type TenantState = 'provisioning' | 'active' | 'suspended' | 'retained' | 'failed' | 'deleted';

/** Where the credentials are, and how many passwords there have been. A provider decides what to do with the names. */
export interface CredentialsReference {
  /** Namespace of the connection Secret. */
  readonly namespace: string;
  /** Name of the connection Secret, `<tenant>-database`. */
  readonly name: string;
  /** Counts passwords, 1 is the first: a provider's credentials of a smaller generation are out of date. */
  readonly generation: number;
}

export interface Tenant {
  /** N, the number in studio_N_db: never used for another tenant. */
  readonly organizationId: number;
  /** Lower case. */
  readonly subdomain: string;
  readonly displayName: string;
  readonly state: TenantState;
  readonly databaseName: string;
  /** What to connect to; a pooler, where there is one. */
  readonly server: { readonly name: string; readonly host: string; readonly port: number };
  /** What the database was last migrated to; absent before the first release. */
  readonly schema: { readonly release: string; readonly version: number } | undefined;
  /** Rises with time: of two readings of one tenant the one with the larger number is the newer. Absent in tenants made by hand. */
  readonly asOf?: number | undefined;
  /** Absent until the first password is recorded. */
  readonly credentials: CredentialsReference | undefined;
}
