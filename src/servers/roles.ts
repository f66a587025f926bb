/*
 * Acting on a tenant's roles, in a session of its creator shard. Separate from the comparison and the statements, which
 * are pure.
 */
import { databaseName, migratorRole, slotBRole } from '../api/names.ts';
import { hasSqlState, SqlState } from '../clients/postgres/sql-state.ts';
import { joined, type Sql } from '../clients/postgres/sql.ts';
import { checkedVerifier } from '../clients/postgres/scram.ts';
import { type RoleChange, roleStatements, setPassword } from '../desired/postgres/role-change.ts';
import type { TenantDatabaseSpec } from '../desired/postgres/spec.ts';
import { endLockHolders, endSessionsOfRoles } from './end-sessions.ts';
import type { ServerSessions } from './server-sessions.ts';

/**
 * All changes in one transaction, then the sessions that are to end.
 *
 * @param verifier needed where a login is made or gets a password
 */
export async function applyRoleChanges(
  sessions: ServerSessions,
  spec: TenantDatabaseSpec,
  changes: readonly RoleChange[],
  verifier: string | undefined,
): Promise<void> {
  const checked = verifier === undefined ? undefined : checkedVerifier(verifier);
  const statements = roleStatements(spec, changes, checked);
  if (statements.length > 0) await runAsShard(sessions, spec.n, joined(statements, 'change-roles'));
  const ending = changes.filter(({ kind }) => kind === 'endSessions').map((change) => ('role' in change ? change.role : ''));
  if (ending.length > 0) await endSessionsOfRoles((sql) => sessions.control.query(sql), ending);
}

/** Slot a's password. The verifier is checked: the server takes a malformed one silently as a plain password. */
export async function setLoginPassword(sessions: ServerSessions, n: number, verifier: string): Promise<void> {
  await runAsShard(sessions, n, { text: setPassword(databaseName(n), checkedVerifier(verifier)), kind: 'set-password' });
}

/**
 * In a session of the shard that made the roles of organization n. A tenant that holds its own role's row in an open
 * transaction makes the first attempt run into lock_timeout; then those sessions of its are ended, and only those.
 */
export async function runAsShard<R>(sessions: ServerSessions, n: number, sql: Sql): Promise<readonly R[]> {
  const run = (): Promise<readonly R[]> => sessions.asShard(n, (query) => query<R>(sql));
  try {
    return await run();
  } catch (error) {
    if (!hasSqlState(error, SqlState.LockNotAvailable)) throw error;
    const logins = [databaseName(n), slotBRole(n), migratorRole(n)];
    await endLockHolders((statement) => sessions.control.query(statement), logins);
    return run();
  }
}
