/*
 * One SQL statement as data, and how names and values become text. Separate because builders make statements without
 * a connection, and because DDL takes no parameters: every identifier and literal in it goes through these two functions.
 */
import pg from 'pg';

export interface Sql {
  /** Without values it is sent by the simple protocol: several statements in one text are one implicit transaction. */
  readonly text: string;
  readonly values?: readonly unknown[];
  /** What the statement is for, as the label of a metric: a fixed word such as `gather-tenant`, never a name of a tenant. */
  readonly kind?: string;
  /** Planned once per connection under this name. Only for statements with values that run often. */
  readonly prepared?: string;
}

/** Runs one statement; the rows of the last one where the text holds several. */
export type Query = <R>(sql: Sql) => Promise<readonly R[]>;

/** Postgres cuts longer names silently, and then they mean something else. */
const MAX_IDENTIFIER_BYTES = 63;

/** Throws RangeError for a name that PostgreSQL would refuse or cut. */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > MAX_IDENTIFIER_BYTES) {
    throw new RangeError('a PostgreSQL identifier has 1 to 63 bytes and no zero byte');
  }
  return pg.escapeIdentifier(name);
}

export function quoteLiteral(value: string): string {
  if (value.includes('\0')) throw new RangeError('a PostgreSQL literal cannot hold a zero byte');
  return pg.escapeLiteral(value);
}

/** Several statements as one text: one round trip and one implicit transaction. */
export function joined(statements: readonly string[], kind: string): Sql {
  return { text: statements.join(';\n'), kind };
}
