/*
 * Ending other sessions on a server, and being sure that they are gone. Separate because suspending, closing, removing
 * logins and taking over from a former leader all need it. Needs pg_signal_backend; a superuser's sessions are not ended.
 */
import type { Query, Sql } from '../clients/postgres/sql.ts';

/** Long enough for a backend to notice, short enough for a statement. */
const PATIENCE_MS = 5_000;

/** Throws where one does not end. */
export function endSessionsOfRoles(query: Query, roles: readonly string[]): Promise<void> {
  return endSessions(query, { text: terminate('a.usename = ANY ($1::name[])'), values: [roles], kind: 'end-sessions-of-roles' });
}

export function endSessionsInDatabase(query: Query, database: string): Promise<void> {
  return endSessions(query, { text: terminate('a.datname = $1'), values: [database], kind: 'end-sessions-in-database' });
}

/**
 * Sessions that hold a role's own row in an open transaction (ALTER ROLE self ...): a tenant can keep every change of
 * its role waiting that way. Only those, of all its sessions, are ended.
 */
export function endLockHolders(query: Query, roles: readonly string[]): Promise<void> {
  const where = `a.usename = ANY ($1::name[]) AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.granted
    AND l.mode = 'RowExclusiveLock' AND l.relation IN ('pg_authid'::regclass, 'pg_db_role_setting'::regclass))`;
  return endSessions(query, { text: terminate(where), values: [roles], kind: 'end-lock-holders' });
}

/** The function waits for each of them. */
function terminate(where: string): string {
  return `SELECT pg_terminate_backend(a.pid, ${PATIENCE_MS}) AS ended
FROM pg_stat_activity a WHERE a.pid <> pg_backend_pid() AND ${where}`;
}

async function endSessions(query: Query, sql: Sql): Promise<void> {
  const rows = await query<{ readonly ended: boolean }>(sql);
  const left = rows.filter(({ ended }) => !ended).length;
  if (left > 0) throw new Error(`${left} sessions did not end within ${PATIENCE_MS} ms`);
}
