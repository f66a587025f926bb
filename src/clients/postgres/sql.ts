/*
 * One SQL statement as data, and how names and values become text. Separate and without a driver, because pure builders
 * make statements too; DDL takes no parameters, so every identifier and literal in it goes through these functions.
 */

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

/** PostgreSQL cuts longer names silently, and then they mean something else. */
const MAX_IDENTIFIER_BYTES = 63;

/** Throws RangeError for a name that PostgreSQL would refuse or cut. */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > MAX_IDENTIFIER_BYTES) {
    throw new RangeError('a PostgreSQL identifier has 1 to 63 bytes and no zero byte');
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** Throws RangeError for text that PostgreSQL cannot hold. */
export function quoteLiteral(value: string): string {
  if (value.includes('\0')) throw new RangeError('a PostgreSQL literal cannot hold a zero byte');
  const quoted = `'${value.replaceAll("'", "''")}'`;
  // With a backslash only the E form means the same whatever standard_conforming_strings says.
  return value.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/** Several statements as one text: one round trip and one implicit transaction. */
export function joined(statements: readonly string[], kind: string): Sql {
  return { text: statements.join(';\n'), kind };
}
