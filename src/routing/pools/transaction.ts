/*
 * A transaction around somebody's work on a connection. Separate because its end must be told honestly: COMMIT answers
 * without an error when nothing was committed.
 */
import { TenantUnavailable } from '../errors.ts';
import type { Connection } from './connection.ts';
import type { TransactionOptions } from './types.ts';

/** Throws RangeError for an isolation that there is not. */
export function beginStatement({ isolation, readOnly }: TransactionOptions): string {
  if (isolation !== undefined && !Object.hasOwn(LEVELS, isolation)) throw new RangeError(`there is no isolation "${isolation as string}"`);
  const level = isolation === undefined ? '' : ` ISOLATION LEVEL ${LEVELS[isolation]}`;
  return `BEGIN${level}${readOnly === true ? ' READ ONLY' : ''}`;
}

/** Looked up, not put together: the text goes into a statement. */
const LEVELS = { 'read committed': 'READ COMMITTED', 'repeatable read': 'REPEATABLE READ', serializable: 'SERIALIZABLE' } as const;

/** Runs a statement of ours; rejects with what pg says. */
export async function runStatement(connection: Connection, text: string): Promise<{ readonly command: string }> {
  return await new Promise((resolve, reject) => {
    connection.run(text, undefined, (error, result) => {
      // pg's results also name the command that the server says it has run.
      if (error === undefined || error === null) resolve(result as unknown as { readonly command: string });
      else reject(error);
    });
  });
}

/**
 * Commits. Throws when the work had ended the transaction itself, or a statement of it had failed: then it is rolled
 * back. TenantUnavailable when the answer did not come: it may be committed or not.
 */
export async function commit(connection: Connection): Promise<void> {
  await connection.settled();
  if (connection.lost === undefined && connection.transactionStatus === 'I') {
    throw new Error('the work ended its transaction by itself: what came after was outside of it');
  }
  let command: string;
  try {
    ({ command } = await runStatement(connection, 'COMMIT'));
  } catch (error) {
    await connection.settled();
    if (connection.lost === undefined) throw error; // e.g. a deferred constraint
    throw new TenantUnavailable('the connection broke at COMMIT: whether the transaction was committed is unknown', { cause: error });
  }
  if (command !== 'COMMIT') throw new Error('the transaction was rolled back: a statement in it had failed, and the work went on');
}

/** Rolls back if it can; a connection on which it cannot is not clean, and is closed when it is given back. */
export async function rollBack(connection: Connection): Promise<void> {
  await connection.settled();
  if (connection.lost !== undefined || connection.outstanding || connection.transactionStatus === 'I') return;
  await runStatement(connection, 'ROLLBACK').catch(() => undefined);
}
