/*
 * Everything visible from outside about tenants on a server, in one query. Separate from the comparisons, which are pure,
 * and from the query's text. The sweep over all tenants also brings what the server itself shows, at no further cost.
 */
import { databaseName, migratorRole, organizationOfDatabase, ownerRole, slotBRole } from '../api/names.ts';
import type { Query } from '../clients/postgres/sql.ts';
import type { DatabaseFacts, Grant, Membership, RoleFacts, Settings, TenantFacts } from '../desired/postgres/facts.ts';
import { parseMark } from '../desired/postgres/marks.ts';
import type { ServerFacts } from '../desired/postgres/server-facts.ts';
import type { TenantDatabaseSpec } from '../desired/postgres/spec.ts';
import { gatherAllSql, GATHER_NAMED } from './gather-sql.ts';
import type { ServerSessions } from './server-sessions.ts';

type GrantRow = readonly [grantee: string, grantor: string, privilege: string, grantable: boolean];
type MembershipRow = readonly [role: string, member: string, grantor: string, admin: boolean, inherit: boolean, set: boolean];
type Allowed = Readonly<Record<string, string>> | null;

interface DatabaseRow {
  readonly name: string;
  readonly oid: string;
  readonly owner: string;
  readonly allowConnections: boolean;
  readonly connectionLimit: number;
  readonly comment: string | null;
  readonly grants: readonly GrantRow[] | null;
  readonly allowed: Allowed;
  readonly others: readonly string[] | null;
}

interface RoleRow {
  readonly name: string;
  readonly oid: string;
  readonly canLogin: boolean;
  readonly connectionLimit: number;
  readonly powers: readonly string[];
  readonly validUntil: string | null;
  readonly comment: string | null;
  readonly memberOf: readonly MembershipRow[] | null;
  readonly members: readonly MembershipRow[] | null;
  readonly allowed: Allowed;
  readonly others: readonly string[] | null;
  readonly allowedInDatabase: Allowed;
  readonly othersInDatabase: readonly string[] | null;
  readonly sessions: number;
}

interface GatherRow {
  readonly operator: string;
  readonly databases: readonly DatabaseRow[];
  readonly roles: readonly RoleRow[];
}

interface GatherAllRow extends GatherRow {
  readonly server: ServerFacts;
}

/** One tenant: index look-ups, whatever the number of tenants on the server. */
export async function gatherTenant(
  { control }: Pick<ServerSessions, 'control'>,
  { n, provisionalName }: Pick<TenantDatabaseSpec, 'n' | 'provisionalName'>,
): Promise<TenantFacts> {
  const databases = [databaseName(n), provisionalName];
  const roles = [databaseName(n), ownerRole(n), slotBRole(n), migratorRole(n)];
  const [row] = await control.query<GatherRow>({
    text: GATHER_NAMED,
    values: [databases, roles],
    kind: 'gather-tenant',
    prepared: 'gather-tenant',
  });
  return factsIn(requireRow(row), provisionalName)(n);
}

/** All tenants of the server; those of which it holds nothing at all are absent. Provisional databases are not looked for. */
export async function gatherAll({ control, facts, installation }: ServerSessions): Promise<ReadonlyMap<number, TenantFacts>> {
  const [found] = await control.query<GatherAllRow>({ text: gatherAllSql(installation), kind: 'gather-all' });
  const row = requireRow(found);
  facts.note(row.server);
  const numbers = new Set([...row.databases, ...row.roles].map(({ name }) => organizationOfDatabase(name.replace(/_db_[a-z]+$/, '_db'))));
  const factsOf = factsIn(row, undefined);
  return new Map([...numbers].filter((n) => n !== undefined).map((n) => [n, factsOf(n)]));
}

/** Where a database carries the mark of this uid: its number and oid. For a master database that has lost the row. */
export async function findDatabaseByUid(
  { control }: Pick<ServerSessions, 'control'>,
  uid: string,
): Promise<{ readonly n: number; readonly oid: number } | undefined> {
  const rows = await databasesMentioning((sql) => control.query(sql), uid);
  for (const { name, oid, comment } of rows) {
    const n = organizationOfDatabase(name);
    if (n !== undefined && parseMark(comment)?.uid === uid) return { n, oid: Number(oid) };
  }
  return undefined;
}

function databasesMentioning(query: Query, uid: string): Promise<readonly Pick<DatabaseRow, 'name' | 'oid' | 'comment'>[]> {
  return query({
    text: `SELECT d.datname AS name, d.oid::text AS oid, c.description AS comment
FROM pg_shdescription c JOIN pg_database d ON d.oid = c.objoid
WHERE c.classoid = 'pg_database'::regclass AND position($1 IN c.description) > 0`,
    values: [uid],
    kind: 'find-database-by-uid',
  });
}

function requireRow<R extends GatherRow>(row: R | undefined): R {
  if (row === undefined) throw new Error('the gather query gave no row');
  return row;
}

function factsIn(row: GatherRow, provisionalName: string | undefined): (n: number) => TenantFacts {
  const databases = new Map(row.databases.map((database) => [database.name, database]));
  const roles = new Map(row.roles.map((role) => [role.name, role]));
  const databaseCalled = (name: string) => databaseFacts(databases.get(name));
  const roleCalled = (name: string) => roleFacts(roles.get(name));
  return (n) => ({
    n,
    operatorRole: row.operator,
    database: databaseCalled(databaseName(n)),
    provisional: provisionalName === undefined ? undefined : databaseCalled(provisionalName),
    roles: {
      owner: roleCalled(ownerRole(n)),
      tenant: roleCalled(databaseName(n)),
      slotB: roleCalled(slotBRole(n)),
      migrator: roleCalled(migratorRole(n)),
    },
  });
}

function databaseFacts(row: DatabaseRow | undefined): DatabaseFacts | undefined {
  if (row === undefined) return undefined;
  const { comment, grants, allowed, others, ...rest } = row;
  return { ...rest, mark: parseMark(comment), grants: (grants ?? []).map(grant), settings: settings(allowed, others) };
}

function roleFacts(row: RoleRow | undefined): RoleFacts | undefined {
  if (row === undefined) return undefined;
  const { comment, memberOf, members, allowed, others, allowedInDatabase, othersInDatabase, validUntil, ...rest } = row;
  return {
    ...rest,
    mark: parseMark(comment),
    validUntil: validUntil === null || validUntil === 'infinity' ? undefined : validUntil,
    memberOf: (memberOf ?? []).map(membership),
    members: (members ?? []).map(membership),
    settings: settings(allowed, others),
    settingsInDatabase: settings(allowedInDatabase, othersInDatabase),
  };
}

function settings(allowed: Allowed, others: readonly string[] | null): Settings {
  return { allowed: allowed ?? {}, others: others ?? [] };
}

function grant([grantee, grantor, privilege, grantable]: GrantRow): Grant {
  return { grantee, grantor, privilege, grantable };
}

function membership([role, member, grantor, admin, inherit, set]: MembershipRow): Membership {
  return { role, member, grantor, admin, inherit, set };
}
