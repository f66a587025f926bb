/*
 * A new leader's first act on a server: no statement of a former leader may take effect from now on. Separate because the
 * master database is fenced the same way as every tenant server.
 *
 * Sessions are told apart by application_name, which a role sees of its own sessions on every server.
 */
import { APPLICATION_NAME_PREFIX } from '../clients/postgres/application-name.ts';
import type { Query } from '../clients/postgres/sql.ts';

export interface FenceOptions {
  /** Of this leader's sessions, see application-name.ts. */
  readonly applicationName: string;
}

/** A backend that waits for a disk or the kernel takes its time to notice. */
const PATIENCE_MS = 3_000;
const MAX_ROUNDS = 10;

/**
 * Ends all sessions of this role that another leader opened, and returns when none is left: how many there were. Throws
 * when some do not end; then this server must not be used.
 */
export async function fence(query: Query, { applicationName }: FenceOptions): Promise<number> {
  let ended = 0;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const found = await endOthers(query, applicationName);
    if (found === 0) return ended;
    ended += found;
  }
  throw new Error('sessions of a former leader did not end');
}

/** Each is waited for; looked again, because a former leader may have been connecting meanwhile. */
async function endOthers(query: Query, applicationName: string): Promise<number> {
  const rows = await query({
    text: `SELECT pg_terminate_backend(pid, ${PATIENCE_MS}) FROM pg_stat_activity
WHERE usename = session_user AND pid <> pg_backend_pid()
  AND starts_with(application_name, $1) AND application_name <> $2`,
    values: [APPLICATION_NAME_PREFIX, applicationName],
    kind: 'end-former-sessions',
  });
  return rows.length;
}
