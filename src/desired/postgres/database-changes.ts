/*
 * What is to be done about a tenant's database, as far as it shows from outside: a pure comparison. Separate from the
 * statements. A database is made under a provisional name, so that one under its final name without our mark is foreign
 * by definition: never adopted, never altered, never dropped.
 */
import { databaseName, migratorRole, ownerRole } from '../../api/names.ts';
import { quoteIdentifier, quoteLiteral } from '../../clients/postgres/sql.ts';
import { type Blocked, type Decision, blocked } from './decision.ts';
import type { DatabaseFacts, TenantFacts } from './facts.ts';
import { grantStatements } from './grants.ts';
import { databaseComment, describeMark, isOurs } from './marks.ts';
import type { TenantDatabaseSpec } from './spec.ts';

export type DatabaseChange =
  /** From whichever point an earlier attempt reached. */
  | { readonly kind: 'make'; readonly from: 'nothing' | 'provisional' | 'claimed' }
  | { readonly kind: 'record'; readonly oid: string }
  /** On the maintenance database, one transaction. */
  | { readonly kind: 'repair'; readonly statements: readonly string[] }
  /** Only possible where the owner is a role of the tenant's own. */
  | { readonly kind: 'takeBack'; readonly owner: string };

export function databaseChanges(spec: TenantDatabaseSpec, facts: TenantFacts): Decision<DatabaseChange> {
  const { database, provisional } = facts;
  if (database === undefined) return withoutDatabase(spec, facts, provisional);
  if (!isOurs(database.mark, spec)) return foreignDatabase(spec, database);
  if (spec.databaseOid !== undefined && spec.databaseOid !== database.oid) return replaced(spec, database);
  if (database.owner !== facts.operatorRole) return otherOwner(spec, facts, database);
  if (database.mark?.init !== true) return { kind: 'outOfSync', change: { kind: 'make', from: 'claimed' } };
  if (spec.databaseOid === undefined) return { kind: 'outOfSync', change: { kind: 'record', oid: database.oid } };
  const statements = repairStatements(spec, facts, database);
  return statements.length === 0 ? { kind: 'inSync' } : { kind: 'outOfSync', change: { kind: 'repair', statements } };
}

function withoutDatabase(
  spec: TenantDatabaseSpec,
  { operatorRole }: TenantFacts,
  provisional: DatabaseFacts | undefined,
): Decision<DatabaseChange> {
  if (spec.databaseOid !== undefined) return lost(spec, operatorRole);
  if (provisional === undefined) return { kind: 'outOfSync', change: { kind: 'make', from: 'nothing' } };
  if (provisional.owner === operatorRole) return { kind: 'outOfSync', change: { kind: 'make', from: 'provisional' } };
  return blocked(
    'DatabaseConflict',
    `The server has a database "${provisional.name}" that belongs to "${provisional.owner}" and not to the operator. It is left alone. Rename or drop it.`,
    true,
  );
}

function lost(spec: TenantDatabaseSpec, operatorRole: string): Blocked {
  const name = quoteIdentifier(spec.databaseName);
  return blocked(
    'DatabaseLost',
    `Database ${name} (oid ${spec.databaseOid}) is gone from its server. It is not made again, because that would put an empty one in the place of data. ` +
      `Restore it under this name and run as a superuser: ALTER DATABASE ${name} OWNER TO ${quoteIdentifier(operatorRole)}; ` +
      `COMMENT ON DATABASE ${name} IS ${quoteLiteral(databaseComment(spec, true))}; then this condition says how to accept it.`,
    true,
  );
}

function replaced({ databaseName: name, databaseOid, n }: TenantDatabaseSpec, { oid }: DatabaseFacts): Blocked {
  return blocked(
    'DatabaseReplaced',
    `Database "${name}" has oid ${oid}, recorded is ${databaseOid}: somebody put another database in its place. It is left alone. ` +
      `If it is the right one, run in the master database: UPDATE organizations SET database_oid = ${oid} WHERE id = ${n};`,
    true,
  );
}

function foreignDatabase(spec: TenantDatabaseSpec, { name, mark }: DatabaseFacts): Blocked {
  return blocked(
    'DatabaseConflict',
    `The server has a database "${name}" that was not made for this tenant: ${describeMark(mark, spec)}. It is left alone. ` +
      `Rename it (ALTER DATABASE ${quoteIdentifier(name)} RENAME TO ...) or drop it.`,
    true,
  );
}

function otherOwner(spec: TenantDatabaseSpec, { operatorRole }: TenantFacts, { name, owner }: DatabaseFacts): Decision<DatabaseChange> {
  if (owner === databaseName(spec.n) || owner === ownerRole(spec.n)) return { kind: 'outOfSync', change: { kind: 'takeBack', owner } };
  return blocked(
    'OwnerChanged',
    `Database "${name}" belongs to "${owner}" and no longer to the operator. As a superuser run: ` +
      `ALTER DATABASE ${quoteIdentifier(name)} OWNER TO ${quoteIdentifier(operatorRole)};`,
    false,
  );
}

/** Everything about a database that is set up. Also the last transaction of making one, from the state before it. */
export function repairStatements(spec: TenantDatabaseSpec, facts: TenantFacts, database: DatabaseFacts): readonly string[] {
  const object = `DATABASE ${quoteIdentifier(database.name)}`;
  return [
    ...(database.allowConnections ? [] : [`ALTER ${object} ALLOW_CONNECTIONS true`]),
    ...grantStatements(object, database.grants, wantedGrants(spec, facts), database.owner),
    ...limitStatements(spec, database, object),
    ...settingStatements(spec, database, object),
  ];
}

function wantedGrants({ n }: TenantDatabaseSpec, { roles }: TenantFacts): Readonly<Record<string, readonly string[]>> {
  const grants = { [databaseName(n)]: ['CONNECT'], [ownerRole(n)]: ['CREATE'] };
  // The migrator inherits nothing, so it has CONNECT of its own while it is there.
  return roles.migrator === undefined ? grants : { ...grants, [migratorRole(n)]: ['CONNECT'] };
}

/** It counts the operator's and the migrator's sessions too, so the logins carry the limits, and this is a second line. */
export function databaseConnectionLimit({ connectionLimit }: TenantDatabaseSpec): number | undefined {
  return connectionLimit === undefined ? undefined : 2 * connectionLimit + 5;
}

function limitStatements(spec: TenantDatabaseSpec, database: DatabaseFacts, object: string): readonly string[] {
  const limit = databaseConnectionLimit(spec);
  return limit === undefined || limit === database.connectionLimit ? [] : [`ALTER ${object} CONNECTION LIMIT ${limit}`];
}

/** Settings outside the allow-list can only come from an administrator of the server, and are his business. */
function settingStatements(
  { settings, keepOtherSettings }: TenantDatabaseSpec,
  { settings: { allowed } }: DatabaseFacts,
  object: string,
): readonly string[] {
  const surplus = keepOtherSettings ? [] : Object.keys(allowed).filter((name) => settings[name] === undefined);
  const different = Object.entries(settings).filter(([name, value]) => allowed[name] !== value);
  return [
    ...surplus.map((name) => `ALTER ${object} RESET ${quoteIdentifier(name)}`),
    ...different.map(([name, value]) => `ALTER ${object} SET ${quoteIdentifier(name)} = ${quoteLiteral(value)}`),
  ];
}
