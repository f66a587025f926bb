/*
 * A connection of its own for one piece of work, closed afterwards. Separate from pools: used where a pool per database
 * would hold thousands of connections (a tenant's inside), and where a login is what is being tried.
 */
import { closeClient, openClient } from './client.ts';
import type { ConnectionTarget } from './connection.ts';
import { statementFailure } from './failure.ts';
import { type StatementHooks, runStatement } from './statement.ts';
import type { Query, Sql } from './sql.ts';

/** Errors as for DatabasePool. */
export async function withSession<T>(target: ConnectionTarget, hooks: StatementHooks, work: (query: Query) => Promise<T>): Promise<T> {
  hooks.assertWritable?.();
  const client = await openClient(target);
  const query: Query = <R>(sql: Sql) => runStatement<R>(client, sql, hooks, (error) => statementFailure(error, target));
  try {
    return await work(query);
  } finally {
    // Awaited: DROP DATABASE and DROP ROLE right after would meet the session still there.
    await closeClient(client);
  }
}
