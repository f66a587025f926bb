/**
 * Keeps the master database from giving out a number that a server already has a database of: after it was restored from
 * an older backup its identity starts too low. Separate from registering, because each server is asked only once before
 * anything is registered, and again when the master database was away meanwhile; the drift sweep looks again.
 */
import { organizationOfDatabase } from '../api/names.ts';
import type { Query } from '../clients/postgres/sql.ts';
import { moveIdentityPast } from '../master/organizations.ts';
import type { ServerSessions } from '../servers/server-sessions.ts';

export class HighestNumber {
  readonly #asked = new Set<string>();

  /** The master database was away: it may have come back older. */
  forget(): void {
    this.#asked.clear();
  }

  /** Throws what the server and the master database throw; then the server is asked again. */
  async secure(sessions: Pick<ServerSessions, 'name' | 'control'>, queryMaster: Query): Promise<void> {
    if (this.#asked.has(sessions.name)) return;
    const rows = await sessions.control.query<{ readonly name: string }>({
      text: "SELECT datname AS name FROM pg_database WHERE datname ~ '^studio_[1-9][0-9]{0,9}_db$'",
      kind: 'find-numbers',
    });
    await passOver(
      queryMaster,
      rows.map(({ name }) => organizationOfDatabase(name) ?? 0),
    );
    this.#asked.add(sessions.name);
  }
}

/** No organization registered later gets one of these numbers, or a smaller one. */
export async function passOver(queryMaster: Query, numbers: Iterable<number>): Promise<void> {
  let highest = 0;
  for (const n of numbers) highest = Math.max(highest, n);
  if (highest > 0) await moveIdentityPast(queryMaster, highest);
}
