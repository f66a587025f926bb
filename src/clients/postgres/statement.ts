/*
 * One statement on one connection: fenced, timed, its rows. Separate because pools and single connections share it.
 */
import type { ClientBase, QueryResult, QueryResultRow } from 'pg';
import { isBroken } from './failure.ts';
import type { Sql } from './sql.ts';

export interface StatementHooks {
  /** Called before each statement, reads included: cheap, and nothing to forget. Throws LeadershipLost. */
  readonly assertWritable?: () => void;
  readonly onStatement?: (statement: StatementMetric) => void;
}

export interface StatementMetric {
  readonly kind: string;
  readonly seconds: number;
  readonly outcome: 'ok' | 'refused' | 'unavailable';
}

/**
 * The rows of the last statement in the text. Throws what the fence throws as it is, and what pg throws as `failed` says.
 *
 * @param failed from pg's error to the one for the caller
 */
export async function runStatement<R>(
  client: ClientBase,
  sql: Sql,
  hooks: StatementHooks,
  failed: (error: unknown) => unknown,
): Promise<readonly R[]> {
  hooks.assertWritable?.();
  const startedMs = performance.now();
  let outcome: StatementMetric['outcome'] = 'ok';
  try {
    return rowsOf<R>(await client.query(queryConfig(sql)));
  } catch (error) {
    outcome = isBroken(error) ? 'unavailable' : 'refused';
    throw failed(error);
  } finally {
    hooks.onStatement?.({ kind: sql.kind ?? 'other', seconds: (performance.now() - startedMs) / 1000, outcome });
  }
}

function queryConfig(sql: Sql): { text: string; values?: unknown[]; name?: string } {
  return {
    text: sql.text,
    ...(sql.values && { values: [...sql.values] }),
    ...(sql.prepared !== undefined && { name: sql.prepared }),
  };
}

/** pg answers a text with several statements with a list of results, which its types leave out. */
function rowsOf<R>(result: QueryResult<QueryResultRow> | QueryResult<QueryResultRow>[]): readonly R[] {
  const last = Array.isArray(result) ? result.at(-1) : result;
  return (last?.rows ?? []) as unknown as readonly R[];
}
