/*
 * Creator shards: roles that make, alter and drop the roles of a hundred organizations each. Separate because they exist
 * for one reason: whoever makes a role becomes its member, and role statements slow down with every membership - 99 ms a
 * tenant at 2,000 tenants as the operator, 4 ms in a session that stays in SET ROLE of a shard.
 */
import { TENANT_GROUP_ROLE } from '../api/names.ts';
import { hasSqlState, SqlState } from '../clients/postgres/sql-state.ts';
import { joined, type Query, quoteIdentifier, quoteLiteral } from '../clients/postgres/sql.ts';
import { ServerNotReady } from './server-not-ready.ts';

export interface ShardOptions {
  readonly shard: string;
  readonly operatorRole: string;
  readonly installation: string;
}

interface ShardRow {
  readonly comment: string | null;
  readonly usable: boolean;
}

/** Makes the shard where it is missing. Throws ServerNotReady for a role of that name that is not ours. */
export async function ensureShard(query: Query, options: ShardOptions): Promise<void> {
  const [found] = await findShard(query, options.shard);
  if (found === undefined) return createShard(query, options);
  if (found.comment !== shardComment(options)) throw foreignShard(options);
  // Made by this operator, but its rights have been taken away.
  if (!found.usable) await query(joined(shardGrants(options), 'mend-creator-shard'));
}

function findShard(query: Query, shard: string): Promise<readonly ShardRow[]> {
  return query({
    text: `SELECT shobj_description(r.oid, 'pg_authid') AS comment,
  pg_has_role(current_user, r.oid, 'SET') AND pg_has_role(r.oid, ${quoteLiteral(TENANT_GROUP_ROLE)}, 'MEMBER WITH ADMIN OPTION') AS usable
FROM pg_roles r WHERE r.rolname = $1`,
    values: [shard],
    kind: 'find-creator-shard',
  });
}

async function createShard(query: Query, options: ShardOptions): Promise<void> {
  const shard = quoteIdentifier(options.shard);
  const statements = [
    `CREATE ROLE ${shard} NOLOGIN CREATEROLE`,
    `COMMENT ON ROLE ${shard} IS ${quoteLiteral(shardComment(options))}`,
    ...shardGrants(options),
  ];
  try {
    await query(joined(statements, 'create-creator-shard'));
  } catch (error) {
    // Another worker was faster; what it made is looked at.
    if (!hasSqlState(error, SqlState.DuplicateObject, SqlState.UniqueViolation)) throw error;
    await ensureShard(query, options);
  }
}

function shardGrants({ shard, operatorRole }: ShardOptions): readonly string[] {
  return [
    `GRANT ${quoteIdentifier(shard)} TO ${quoteIdentifier(operatorRole)} WITH SET TRUE, INHERIT FALSE`,
    `GRANT ${quoteIdentifier(TENANT_GROUP_ROLE)} TO ${quoteIdentifier(shard)} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`,
  ];
}

/** Of the operator's own roles that belong to no tenant. */
export function shardComment({ installation }: { readonly installation: string }): string {
  return JSON.stringify({ installation });
}

function foreignShard({ shard, installation }: ShardOptions): ServerNotReady {
  return new ServerNotReady(
    'CreatorRoleConflict',
    `The server has a role "${shard}" that was not made by this installation ("${installation}") of the operator. It is left alone. Rename or drop it.`,
  );
}
