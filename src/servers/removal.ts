/*
 * Taking a tenant off its server, and giving it back to another object. Separate from what makes and mends, because here
 * the wrong database would be lost for good: everything checks the mark, and dropping checks the oid, too.
 */
import { databaseName } from '../api/names.ts';
import { joined, quoteIdentifier, quoteLiteral } from '../clients/postgres/sql.ts';
import type { DatabaseFacts, RoleFacts, TenantFacts } from '../desired/postgres/facts.ts';
import { databaseComment, describeMark, isOurs, roleComment } from '../desired/postgres/marks.ts';
import { roleStatements } from '../desired/postgres/role-change.ts';
import type { TenantDatabaseSpec } from '../desired/postgres/spec.ts';
import { inSlot } from './busy.ts';
import { dropRole } from './drop-role.ts';
import { endSessionsInDatabase, endSessionsOfRoles } from './end-sessions.ts';
import { gatherTenant } from './gather.ts';
import { runAsShard } from './roles.ts';
import type { ServerSessions } from './server-sessions.ts';

export type CloseOutcome =
  | { readonly kind: 'closed' | 'absent' }
  /** `ownerChanged`: it is the tenant's, and somebody took it away from the operator. */
  | { readonly kind: 'foreign' | 'ownerChanged'; readonly message: string };
export type DropOutcome = { readonly kind: 'dropped' | 'absent' } | { readonly kind: 'foreign'; readonly message: string };
export type DropRolesOutcome =
  | { readonly kind: 'dropped'; readonly pinnedIn: readonly string[] }
  | { readonly kind: 'pinned'; readonly database: string; readonly role: string; readonly message: string };

/**
 * No connections any more. ALLOW_CONNECTIONS first: an open transaction of the tenant can hold up NOLOGIN, but not this.
 * Roles that are not ours are left alone, as is a foreign database.
 */
export async function closeDatabase(sessions: ServerSessions, spec: TenantDatabaseSpec): Promise<CloseOutcome> {
  const facts = await gatherTenant(sessions, spec);
  const { database } = facts;
  const isOwn = database !== undefined && isRecorded(spec, database);
  const isOwner = database?.owner === facts.operatorRole;
  if (isOwn && isOwner) await closeToAll(sessions, database);
  await closeLogins(sessions, spec, facts);
  if (database === undefined) return { kind: 'absent' };
  if (!isOwn) return foreign(spec, database);
  return isOwner ? { kind: 'closed' } : ownerChanged(facts.operatorRole, database);
}

/** With our mark, and the one that was recorded, where one was. */
function isRecorded(spec: TenantDatabaseSpec, { mark, oid }: DatabaseFacts): boolean {
  return isOurs(mark, spec) && (spec.databaseOid === undefined || spec.databaseOid === oid);
}

async function closeToAll({ control }: ServerSessions, { name, allowConnections }: DatabaseFacts): Promise<void> {
  const text = `ALTER DATABASE ${quoteIdentifier(name)} ALLOW_CONNECTIONS false`;
  if (allowConnections) await control.query({ text, kind: 'close-database' });
  await endSessionsInDatabase((sql) => control.query(sql), name);
}

async function closeLogins(sessions: ServerSessions, spec: TenantDatabaseSpec, facts: TenantFacts): Promise<void> {
  const logins = ownRoles(spec, facts).filter(({ canLogin }) => canLogin);
  if (logins.length === 0) return;
  const changes = logins.map(({ name }) => ({ kind: 'alter', role: name, canLogin: false }) as const);
  await runAsShard(sessions, spec.n, joined(roleStatements(spec, changes, undefined), 'close-logins'));
  await endSessionsOfRoles(
    (sql) => sessions.control.query(sql),
    logins.map(({ name }) => name),
  );
}

/** Only with our mark, and only the one that was recorded. A provisional one of this tenant goes as well. */
export async function dropDatabase(sessions: ServerSessions, spec: TenantDatabaseSpec): Promise<DropOutcome> {
  const { database, provisional, operatorRole } = await gatherTenant(sessions, spec);
  if (provisional?.owner === operatorRole) await drop(sessions, provisional.name);
  if (database === undefined) return { kind: 'absent' };
  if (!isRecorded(spec, database)) return foreign(spec, database);
  await drop(sessions, database.name);
  return { kind: 'dropped' };
}

/** One at a time: each forces a checkpoint. */
async function drop(sessions: ServerSessions, name: string): Promise<void> {
  const text = `DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`;
  await inSlot(sessions.dropSlots, () => sessions.slow.query({ text, kind: 'drop-database' }));
}

/** After the database. What another tenant holds on purpose is cleared away, where its database is open. */
export async function dropRoles(sessions: ServerSessions, spec: TenantDatabaseSpec): Promise<DropRolesOutcome> {
  const own = ownRoles(spec, await gatherTenant(sessions, spec));
  const pinnedIn = new Set<string>();
  for (const { name } of own) {
    const outcome = await dropRole(sessions, { n: spec.n, role: name, installation: spec.installation });
    if (outcome.kind === 'pinned') return outcome;
    for (const database of outcome.pinnedIn) pinnedIn.add(database);
  }
  return { kind: 'dropped', pinnedIn: [...pinnedIn] };
}

/**
 * One that was closed before it was set up, which goes on from inside. Any other opens when it is compared, once its row
 * is the tenant's; the logins follow when the roles are.
 */
export async function reopenDatabase(sessions: ServerSessions, n: number, uid: string): Promise<void> {
  const { database } = await gatherTenant(sessions, { n, provisionalName: databaseName(n) });
  if (database === undefined || database.allowConnections || database.mark?.uid !== uid || database.mark.init) return;
  await sessions.control.query({
    text: `ALTER DATABASE ${quoteIdentifier(database.name)} ALLOW_CONNECTIONS true`,
    kind: 'reopen-database',
  });
}

export interface NewOwner {
  readonly n: number;
  /** As recorded; null: not recorded. */
  readonly oid: number | null;
  readonly oldUid: string;
  readonly newUid: string;
  readonly installation: string;
}

/**
 * The marks of a tenant whose object came back under another uid. The database is known again by the old or new uid in
 * its mark or by the recorded oid, and then its roles are its own whatever uid they carry: N is given once. An earlier
 * attempt, for yet another object, may have been interrupted. Nothing of another installation. Safe to repeat.
 */
export async function rewriteOwnership(sessions: ServerSessions, owner: NewOwner): Promise<void> {
  const { n, newUid, installation } = owner;
  const facts = await gatherTenant(sessions, { n, provisionalName: databaseName(n) });
  if (facts.database !== undefined && !isKnownAgain(facts.database, owner)) return;
  const isToRewrite = ({ mark }: RoleFacts | DatabaseFacts): boolean => mark?.installation === installation && mark.uid !== newUid;
  const identity = { uid: newUid, installation };
  const comment = quoteLiteral(roleComment(identity));
  const statements = allRoles(facts)
    .filter(isToRewrite)
    .map(({ name }) => `COMMENT ON ROLE ${quoteIdentifier(name)} IS ${comment}`);
  if (statements.length > 0) await runAsShard(sessions, n, joined(statements, 'rewrite-marks'));
  if (facts.database === undefined || !isToRewrite(facts.database)) return;
  const { name, mark } = facts.database;
  const text = `COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${quoteLiteral(databaseComment(identity, mark?.init === true))}`;
  await sessions.control.query({ text, kind: 'rewrite-marks' });
}

function isKnownAgain({ mark, oid }: DatabaseFacts, owner: NewOwner): boolean {
  if (mark?.installation !== owner.installation) return false;
  return mark.uid === owner.oldUid || mark.uid === owner.newUid || oid === String(owner.oid);
}

function allRoles({ roles }: TenantFacts): readonly RoleFacts[] {
  // Logins before what they belong to.
  return [roles.migrator, roles.slotB, roles.tenant, roles.owner].filter((role) => role !== undefined);
}

function ownRoles(spec: TenantDatabaseSpec, facts: TenantFacts): readonly RoleFacts[] {
  return allRoles(facts).filter(({ mark }) => isOurs(mark, spec));
}

function foreign(spec: TenantDatabaseSpec, { name, oid, mark }: DatabaseFacts): { readonly kind: 'foreign'; readonly message: string } {
  const why = isOurs(mark, spec) ? `its oid is ${oid} and not the recorded ${spec.databaseOid}` : describeMark(mark, spec);
  return { kind: 'foreign', message: `Database "${name}" was not made for this tenant: ${why}. It is left alone. Rename or drop it.` };
}

function ownerChanged(operator: string, { name, owner }: DatabaseFacts): { readonly kind: 'ownerChanged'; readonly message: string } {
  const sql = `ALTER DATABASE ${quoteIdentifier(name)} OWNER TO ${quoteIdentifier(operator)};`;
  const message = `Database "${name}" belongs to "${owner}" and no longer to the operator, which can neither close nor drop it. As a superuser run: ${sql}`;
  return { kind: 'ownerChanged', message };
}
