/*
 * The login of one migration attempt: made fresh, valid until the attempt's deadline, and taken away with whatever it
 * leaves. Separate from the tenant's lasting roles because a migration may do to its own login what it likes (another
 * password, SET role = 'none', things of its own), so the login must never outlive it.
 */
import { databaseName, migratorRole, ownerRole } from '../api/names.ts';
import { hasSqlState, SqlState } from '../clients/postgres/sql-state.ts';
import { joined, quoteIdentifier, quoteLiteral } from '../clients/postgres/sql.ts';
import { checkedVerifier } from '../clients/postgres/scram.ts';
import { isOurs, parseMark, roleComment } from '../desired/postgres/marks.ts';
import { grantMembership } from '../desired/postgres/role-change.ts';
import type { TenantDatabaseSpec } from '../desired/postgres/spec.ts';
import { dropRole, type DropRoleOutcome } from './drop-role.ts';
import { endSessionsOfRoles } from './end-sessions.ts';
import { runAsShard } from './roles.ts';
import type { ServerSessions } from './server-sessions.ts';

export interface MigratorOptions {
  /** SCRAM-SHA-256, see scram.ts. */
  readonly verifier: string;
  /** After this nobody can log in with it. */
  readonly validUntil: Date;
  readonly lockTimeoutMs: number;
}

export type MigratorSpec = Pick<TenantDatabaseSpec, 'n' | 'uid' | 'installation'>;

export type RemoveMigratorOutcome = DropRoleOutcome | { readonly kind: 'foreign'; readonly message: string };

/** Any earlier one goes first, with its sessions. Throws where that is not possible. */
export async function createMigrator(sessions: ServerSessions, spec: MigratorSpec, options: MigratorOptions): Promise<void> {
  const removed = await removeMigrator(sessions, spec);
  if (removed.kind !== 'dropped') throw new Error(`making a migration login: ${removed.message}`);
  await runAsShard(sessions, spec.n, joined(migratorStatements(spec, options), 'create-migrator'));
  const grant = `GRANT CONNECT ON DATABASE ${quoteIdentifier(databaseName(spec.n))} TO ${quoteIdentifier(migratorRole(spec.n))}`;
  await sessions.control.query({ text: grant, kind: 'grant-connect' });
}

/**
 * It acts as the owner role, which it may only SET, not inherit. Its membership in the tenant's role, with neither, is for
 * pg_hba.conf's `samerole`. Settings in its own database override what the tenant's settings there would do to it.
 */
function migratorStatements(spec: MigratorSpec, { verifier, validUntil, lockTimeoutMs }: MigratorOptions): readonly string[] {
  const name = migratorRole(spec.n);
  const role = quoteIdentifier(name);
  const inDatabase = `ALTER ROLE ${role} IN DATABASE ${quoteIdentifier(databaseName(spec.n))} SET`;
  const password = quoteLiteral(checkedVerifier(verifier));
  return [
    `CREATE ROLE ${role} LOGIN PASSWORD ${password} VALID UNTIL ${quoteLiteral(validUntil.toISOString())}`,
    `COMMENT ON ROLE ${role} IS ${quoteLiteral(roleComment(spec))}`,
    grantMembership({ role: ownerRole(spec.n), member: name, inherit: false, set: true }),
    grantMembership({ role: databaseName(spec.n), member: name, inherit: false, set: false }),
    `${inDatabase} role = ${quoteLiteral(ownerRole(spec.n))}`,
    `${inDatabase} statement_timeout = 0`,
    `${inDatabase} idle_in_transaction_session_timeout = 0`,
    `${inDatabase} lock_timeout = ${Math.ceil(lockTimeoutMs)}`,
  ];
}

/** Safe to repeat; `dropped` also when there was none. A role of that name without our mark is left alone. */
export async function removeMigrator(sessions: ServerSessions, spec: MigratorSpec): Promise<RemoveMigratorOutcome> {
  const name = migratorRole(spec.n);
  const comment = await commentOn(sessions, name);
  if (comment === undefined) return { kind: 'dropped', pinnedIn: [] };
  if (!isOurs(parseMark(comment), spec))
    return { kind: 'foreign', message: `role "${name}" was not made for this tenant and is left alone` };
  const role = quoteIdentifier(name);
  await runAsShard(sessions, spec.n, { text: `ALTER ROLE ${role} NOLOGIN`, kind: 'close-migrator' });
  await endSessionsOfRoles((sql) => sessions.control.query(sql), [name]);
  await revokeConnect(sessions, spec.n, role);
  return dropRole(sessions, { n: spec.n, role: name, installation: spec.installation });
}

/** Undefined: no such role. */
async function commentOn({ control }: ServerSessions, role: string): Promise<string | null | undefined> {
  const [row] = await control.query<{ readonly comment: string | null }>({
    text: `SELECT shobj_description(oid, 'pg_authid') AS comment FROM pg_roles WHERE rolname = $1`,
    values: [role],
    kind: 'find-migrator',
  });
  return row?.comment;
}

async function revokeConnect({ control }: ServerSessions, n: number, role: string): Promise<void> {
  try {
    await control.query({
      text: `REVOKE ALL ON DATABASE ${quoteIdentifier(databaseName(n))} FROM ${role} CASCADE`,
      kind: 'revoke-connect',
    });
  } catch (error) {
    // The database was dropped first, and the grant with it.
    if (!hasSqlState(error, SqlState.UndefinedDatabase)) throw error;
  }
}
