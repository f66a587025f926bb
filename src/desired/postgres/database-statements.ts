/*
 * The SQL that makes a tenant's database: CREATE DATABASE, the claim (T1), the inside, the opening (T2). Separate from
 * the comparison, and in one file because their order is what makes a crash between any two of them harmless:
 * nobody but the operator can connect before the last one.
 */
import { creatorShard, databaseName, ownerRole } from '../../api/names.ts';
import { joined, quoteIdentifier, quoteLiteral, type Sql } from '../../clients/postgres/sql.ts';
import { databaseConnectionLimit, repairStatements } from './database-changes.ts';
import type { DatabaseFacts, TenantFacts } from './facts.ts';
import { databaseComment } from './marks.ts';
import type { TenantDatabaseSpec } from './spec.ts';

/** The schema of the migration tool's own table: the tenant must not be able to rewrite its history. */
export const MIGRATIONS_SCHEMA = 'studio_migrations';

/** Rights of the tenant on what its migrations make in schema public. */
export const TABLE_PRIVILEGES = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const;
export const SEQUENCE_PRIVILEGES = ['USAGE', 'SELECT'] as const;

/** template0: template1 may have been changed, or be in use. Cannot stand in a transaction. */
export function createDatabase(spec: TenantDatabaseSpec): Sql {
  const limit = databaseConnectionLimit(spec) ?? -1;
  const name = quoteIdentifier(spec.provisionalName);
  return {
    text: `CREATE DATABASE ${name} TEMPLATE template0 ALLOW_CONNECTIONS false CONNECTION LIMIT ${limit}`,
    kind: 'create-database',
  };
}

/** T1. One row: the database's oid, to be recorded before anything is put into it. */
export function claimDatabase(spec: TenantDatabaseSpec): Sql {
  const database = quoteIdentifier(databaseName(spec.n));
  return joined(
    [
      `ALTER DATABASE ${quoteIdentifier(spec.provisionalName)} RENAME TO ${database}`,
      `REVOKE ALL ON DATABASE ${database} FROM PUBLIC`,
      `COMMENT ON DATABASE ${database} IS ${quoteLiteral(databaseComment(spec, false))}`,
      `ALTER DATABASE ${database} ALLOW_CONNECTIONS true`,
      `SELECT oid::text AS oid FROM pg_database WHERE datname = ${quoteLiteral(databaseName(spec.n))}`,
    ],
    'claim-database',
  );
}

/** Inside, as the operator, while nobody else has ever been there. Safe to repeat. */
export function setUpInside(spec: TenantDatabaseSpec, extensions: readonly string[]): Sql {
  const owner = quoteIdentifier(ownerRole(spec.n));
  const tenant = quoteIdentifier(databaseName(spec.n));
  const migrations = quoteIdentifier(MIGRATIONS_SCHEMA);
  return joined(
    [
      `REVOKE ALL ON SCHEMA public FROM PUBLIC`,
      `GRANT USAGE, CREATE ON SCHEMA public TO ${owner}`,
      `GRANT USAGE ON SCHEMA public TO ${tenant}`,
      `CREATE SCHEMA IF NOT EXISTS ${migrations}`,
      `GRANT USAGE, CREATE ON SCHEMA ${migrations} TO ${owner}`,
      ...defaultPrivileges(spec),
      ...extensions,
    ],
    'set-up-database',
  );
}

/** Only who has the owner's rights may set them: the shard. */
export function defaultPrivileges(spec: Pick<TenantDatabaseSpec, 'n'>): readonly string[] {
  const tenant = quoteIdentifier(databaseName(spec.n));
  const alter = `ALTER DEFAULT PRIVILEGES FOR ROLE ${quoteIdentifier(ownerRole(spec.n))} IN SCHEMA public`;
  return [
    `SET ROLE ${quoteIdentifier(creatorShard(spec.n))}`,
    `${alter} GRANT ${TABLE_PRIVILEGES.join(', ')} ON TABLES TO ${tenant}`,
    `${alter} GRANT ${SEQUENCE_PRIVILEGES.join(', ')} ON SEQUENCES TO ${tenant}`,
    `RESET ROLE`,
  ];
}

/** T2: whatever is missing from outside, and the mark that says that all is done. */
export function openDatabase(spec: TenantDatabaseSpec, facts: TenantFacts, database: DatabaseFacts): Sql {
  const name = quoteIdentifier(database.name);
  return joined(
    [...repairStatements(spec, facts, database), `COMMENT ON DATABASE ${name} IS ${quoteLiteral(databaseComment(spec, true))}`],
    'open-database',
  );
}

/** A database right after it was claimed: what `claimDatabase` leaves. */
export function claimedDatabase(spec: TenantDatabaseSpec, oid: string, operatorRole: string): DatabaseFacts {
  return {
    name: databaseName(spec.n),
    oid,
    owner: operatorRole,
    allowConnections: true,
    connectionLimit: databaseConnectionLimit(spec) ?? -1,
    mark: { uid: spec.uid, installation: spec.installation, init: false },
    grants: [],
    settings: { allowed: {}, others: [] },
  };
}
