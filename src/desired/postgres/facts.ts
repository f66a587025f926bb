/*
 * What one query over a server's shared catalogs tells about a tenant: its database and its roles, from outside.
 * Separate from the query and from the comparisons, so that both sides agree on one shape and neither needs a server.
 */

/** The JSON in the comment of every database and role that is ours. */
export interface Mark {
  /** metadata.uid of the StudioTenant. */
  readonly uid: string;
  /** Which installation of the operator made it. */
  readonly installation: string;
  /** On databases: whether the inside has been set up. */
  readonly init?: boolean;
}

/** What ALTER DATABASE or ALTER ROLE ... SET has left. A tenant can put megabytes there, so not all of it is read. */
export interface Settings {
  /** Those of the allow-list with a value of ordinary length, by their name in lower case. */
  readonly allowed: Readonly<Record<string, string>>;
  /** Names of others that the role itself can have set; a few of them where there are many. */
  readonly others: readonly string[];
}

/** One privilege of one grantee. */
export interface Grant {
  /** A role's name, or PUBLIC_GRANTEE. */
  readonly grantee: string;
  readonly grantor: string;
  /** For databases CONNECT, CREATE or TEMPORARY. */
  readonly privilege: string;
  readonly grantable: boolean;
}

/** No role can have this name: '' is refused by PostgreSQL. */
export const PUBLIC_GRANTEE = '';

export interface DatabaseFacts {
  readonly name: string;
  readonly oid: string;
  readonly owner: string;
  readonly allowConnections: boolean;
  /** -1: none. */
  readonly connectionLimit: number;
  /** Undefined: no comment, or one that is not a mark of ours. */
  readonly mark: Mark | undefined;
  /** With the defaults filled in where the catalog says "default". */
  readonly grants: readonly Grant[];
  /** ALTER DATABASE ... SET. */
  readonly settings: Settings;
}

/** One row of pg_auth_members: `member` belongs to `role`. */
export interface Membership {
  readonly role: string;
  readonly member: string;
  readonly grantor: string;
  readonly admin: boolean;
  readonly inherit: boolean;
  readonly set: boolean;
}

export interface RoleFacts {
  readonly name: string;
  readonly oid: string;
  readonly canLogin: boolean;
  readonly connectionLimit: number;
  /** Attributes no role of a tenant may have: SUPERUSER, CREATEDB, CREATEROLE, REPLICATION, BYPASSRLS. */
  readonly powers: readonly string[];
  /** ISO 8601; undefined: for ever. */
  readonly validUntil: string | undefined;
  readonly mark: Mark | undefined;
  readonly memberOf: readonly Membership[];
  readonly members: readonly Membership[];
  /** ALTER ROLE ... SET, for all databases. */
  readonly settings: Settings;
  /** ALTER ROLE ... IN DATABASE <the tenant's own> SET. */
  readonly settingsInDatabase: Settings;
  /** Sessions of this role on the server now. */
  readonly sessions: number;
}

export interface TenantRoles {
  readonly owner: RoleFacts | undefined;
  /** Slot a: the login of the tenant, and the group its rights hang on. */
  readonly tenant: RoleFacts | undefined;
  readonly slotB: RoleFacts | undefined;
  readonly migrator: RoleFacts | undefined;
}

export interface TenantFacts {
  readonly n: number;
  /** The role we are on this server: databases belong to it. */
  readonly operatorRole: string;
  readonly database: DatabaseFacts | undefined;
  /** A database under the provisional name: made, but not yet claimed. */
  readonly provisional: DatabaseFacts | undefined;
  readonly roles: TenantRoles;
}
