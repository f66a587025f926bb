/*
 * Dropping a role that may not want to go: what it owns, and what others have granted to it, hold it. Any tenant can hold
 * another tenant's role by its guessable name (a GRANT to it inside its own database). Separate because migrators and
 * tenants' roles go the same way. Nothing here runs anything that a tenant has made.
 */
import { creatorShard, databaseName, migratorRole, organizationOfDatabase, ownerRole, slotBRole } from '../api/names.ts';
import { hasSqlState, SqlState } from '../clients/postgres/sql-state.ts';
import { joined, quoteIdentifier } from '../clients/postgres/sql.ts';
import { parseMark } from '../desired/postgres/marks.ts';
import { grantMembership } from '../desired/postgres/role-change.ts';
import { runAsShard } from './roles.ts';
import type { ServerSessions } from './server-sessions.ts';

export interface RoleToDrop {
  /** Whose creator shard made it. */
  readonly n: number;
  readonly role: string;
  readonly installation: string;
}

export type DropRoleOutcome =
  /** `pinnedIn`: databases of other tenants in which it had been held on purpose. */
  | { readonly kind: 'dropped'; readonly pinnedIn: readonly string[] }
  | { readonly kind: 'pinned'; readonly database: string; readonly role: string; readonly message: string };

interface PinRow {
  readonly database: string;
  readonly comment: string | null;
  readonly allowConnections: boolean;
}

/** Its sessions must have been ended, and its CONNECT revoked. A role that is gone counts as dropped. */
export async function dropRole(sessions: ServerSessions, target: RoleToDrop): Promise<DropRoleOutcome> {
  if (await tryDrop(sessions, target)) return { kind: 'dropped', pinnedIn: [] };
  const pins = await findPins(sessions, target.role);
  const stuck = pins.find((pin) => !canClear(target, pin));
  if (stuck !== undefined) return pinned(target, stuck.database);
  for (const { database } of pins) await clearPins(sessions, target, database);
  const own = databaseName(target.n);
  const pinnedIn = pins.map(({ database }) => database).filter((database) => database !== own);
  if (await tryDrop(sessions, target)) return { kind: 'dropped', pinnedIn };
  return pinned(target, pins[0]?.database ?? own);
}

async function tryDrop(sessions: ServerSessions, { n, role }: RoleToDrop): Promise<boolean> {
  try {
    await runAsShard(sessions, n, { text: `DROP ROLE IF EXISTS ${quoteIdentifier(role)}`, kind: 'drop-role' });
    return true;
  } catch (error) {
    if (hasSqlState(error, SqlState.DependentObjectsStillExist)) return false;
    throw error;
  }
}

/** The databases in which something belongs to the role or is granted to it. */
function findPins({ control }: ServerSessions, role: string): Promise<readonly PinRow[]> {
  return control.query<PinRow>({
    text: `SELECT DISTINCT d.datname::text AS database, c.description AS comment, d.datallowconn AS "allowConnections"
FROM pg_roles r
JOIN pg_shdepend s ON s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid
JOIN pg_database d ON d.oid = CASE WHEN s.classid = 'pg_database'::regclass THEN s.objid ELSE s.dbid END
LEFT JOIN pg_shdescription c ON c.classoid = 'pg_database'::regclass AND c.objoid = d.oid
WHERE r.rolname = $1`,
    values: [role],
    kind: 'find-pins',
  });
}

/** A closed or foreign database is not opened for this: the role stays, unable to log in, and is tried again. */
function canClear({ installation }: RoleToDrop, { database, comment, allowConnections }: PinRow): boolean {
  return allowConnections && organizationOfDatabase(database) !== undefined && parseMark(comment)?.installation === installation;
}

async function clearPins(sessions: ServerSessions, target: RoleToDrop, database: string): Promise<void> {
  const host = organizationOfDatabase(database) ?? target.n;
  const shard = creatorShard(target.n);
  const revoke = `REVOKE ALL ON DATABASE ${quoteIdentifier(database)} FROM ${quoteIdentifier(target.role)} CASCADE`;
  await sessions.control.query({ text: revoke, kind: 'revoke-connect' });
  // DROP OWNED takes back only what its caller, too, could have granted: so the shard inherits from both sides for a moment.
  await lend(sessions, target.n, { roles: [target.role], to: shard, set: true });
  const lenders = await rolesOf(sessions, host, target.role);
  await lend(sessions, host, { roles: lenders, to: shard, set: host === target.n });
  try {
    const role = quoteIdentifier(target.role);
    const reassign = host === target.n ? [`REASSIGN OWNED BY ${role} TO ${quoteIdentifier(ownerRole(host))}`] : [];
    const statements = [`SET ROLE ${quoteIdentifier(shard)}`, ...reassign, `DROP OWNED BY ${role}`];
    await sessions.inside(database, (query) => query(joined(statements, 'drop-owned')));
  } finally {
    await takeBack(sessions, host, { roles: lenders, from: shard });
  }
}

/** The host's roles that are there, without the one that is to go. */
async function rolesOf({ control }: ServerSessions, n: number, except: string): Promise<readonly string[]> {
  const names = [databaseName(n), ownerRole(n), slotBRole(n), migratorRole(n)].filter((name) => name !== except);
  const rows = await control.query<{ readonly name: string }>({
    text: `SELECT rolname::text AS name FROM pg_roles WHERE rolname = ANY ($1::name[])`,
    values: [names],
    kind: 'find-roles',
  });
  return rows.map(({ name }) => name);
}

async function lend(sessions: ServerSessions, n: number, loan: { roles: readonly string[]; to: string; set: boolean }): Promise<void> {
  const statements = loan.roles.map((role) => grantMembership({ role, member: loan.to, inherit: true, set: loan.set }));
  if (statements.length > 0) await runAsShard(sessions, n, joined(statements, 'lend-roles'));
}

/** The owner's rights stay with its own shard, without SET. */
async function takeBack(sessions: ServerSessions, n: number, loan: { roles: readonly string[]; from: string }): Promise<void> {
  const statements = loan.roles.map((role) =>
    role === ownerRole(n) && loan.from === creatorShard(n)
      ? grantMembership({ role, member: loan.from, inherit: true, set: false })
      : `REVOKE ${quoteIdentifier(role)} FROM ${quoteIdentifier(loan.from)} CASCADE`,
  );
  if (statements.length > 0) await runAsShard(sessions, n, joined(statements, 'take-back-roles'));
}

function pinned({ role }: RoleToDrop, database: string): DropRoleOutcome {
  const message =
    `Role "${role}" cannot be dropped: something in database "${database}" is granted to it or belongs to it, and that database is closed or not the operator's. ` +
    `The role cannot log in. In that database run as a superuser: DROP OWNED BY ${quoteIdentifier(role)};`;
  return { kind: 'pinned', database, role, message };
}
