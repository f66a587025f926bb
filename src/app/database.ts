/*
 * What statements need of a database, and nothing more: a tenant's request has it, and so has a transaction. Separate so
 * that statements know neither HTTP nor where connections come from.
 */

/** One statement with its values. Rows are as the driver parses them: bigint is text, timestamptz is a Date. */
export interface Queryable {
  query<Row>(text: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly Row[] }>;
}

export interface Database extends Queryable {
  /** Commits what `work` did, or nothing of it when it throws. */
  transaction<Result>(work: (transaction: Queryable) => Promise<Result>): Promise<Result>;
}

/** SQLSTATEs that an answer depends on, named in words. */
export const SqlState = {
  uniqueViolation: '23505',
  foreignKeyViolation: '23503',
  undefinedTable: '42P01',
  undefinedColumn: '42703',
  queryCanceled: '57014',
  lockNotAvailable: '55P03',
  deadlock: '40P01',
  invalidParameter: '22023',
  noData: 'P0002',
} as const;

/** SQLSTATE of an error of the server; undefined for any other error. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return error instanceof Error && typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Name of the constraint that refused a row; undefined for any other error. */
export function constraintOf(error: unknown): string | undefined {
  const { constraint } = (error ?? {}) as { constraint?: unknown };
  return sqlStateOf(error)?.startsWith('23') === true && typeof constraint === 'string' ? constraint : undefined;
}
