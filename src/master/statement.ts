/**
 * Builds the statements of the master database: SQL with one JSON parameter, read as a typed row called `input`.
 * Named fields in place of $1 to $17, so that a statement can be read and extended without counting.
 */
import { hasSqlState, SqlState } from '../clients/postgres/sql-state.ts';
import type { Query, Sql } from '../clients/postgres/sql.ts';

/** `$1` as a row `input` with these fields, given as SQL column definitions in camelCase, quoted. */
export function inputRow(fields: string): string {
  return `input AS (SELECT * FROM jsonb_to_record($1::jsonb) AS input (${fields}))`;
}

/** A statement over `input`, planned once per connection. Absent fields are NULL in SQL. */
export function statement(kind: string, text: string, input: object): Sql {
  return { text, values: [JSON.stringify(input)], kind, prepared: kind };
}

/** Often enough for any race: each loss means that somebody else's claim has been committed. */
const RACES = 3;

/**
 * Runs a statement that looks for conflicting claims before it makes its own. Two claims made at once both see
 * none, and the unique index stops the second: run again, it sees the first and says so. Not for use inside a
 * transaction, which the violation has aborted.
 */
export async function claiming<R>(query: Query, sql: Sql): Promise<readonly R[]> {
  for (let race = 1; ; race += 1) {
    try {
      return await query<R>(sql);
    } catch (error) {
      if (race === RACES || !hasSqlState(error, SqlState.UniqueViolation)) throw error;
    }
  }
}
