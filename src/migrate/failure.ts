/**
 * From an error to what a person needs: SQLSTATE, file, line, and whether another try could help. Separate because it is
 * the only place that looks inside errors, and they come from three layers.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

import { SqlState, sqlState } from '../clients/postgres/sql-state.ts';
import { masked } from '../desired/masking.ts';
import type { MigrationFailure } from '../desired/migration-report.ts';

export interface FailedStatement {
  readonly sql: string | undefined;
  /** The migration file that was being run. */
  readonly path: string | undefined;
  /** The server gave no answer, or one that says nothing about the statement. */
  readonly broken: boolean;
}

export class MigrationFailed extends Error {
  override readonly name = 'MigrationFailed';
  readonly failure: MigrationFailure;
  /** Another try may succeed with nothing changed. */
  readonly transient: boolean;

  constructor(failure: MigrationFailure, transient: boolean, cause: unknown) {
    super(failure.error, { cause });
    this.failure = failure;
    this.transient = transient;
  }
}

/** The login may have expired while the pod waited to be started; locks and their like come free. */
const WORTH_ANOTHER_TRY: ReadonlySet<string> = new Set([
  SqlState.InvalidPassword,
  SqlState.LockNotAvailable,
  SqlState.SerializationFailure,
  SqlState.DeadlockDetected,
]);

/** SQLSTATE class: too many connections, disk full, out of memory. */
const INSUFFICIENT_RESOURCES = '53';

export function failedMigration(error: unknown, statement: FailedStatement): MigrationFailed {
  const state = sqlState(error);
  const { detail, hint } = error as { readonly detail?: string; readonly hint?: string };
  const failure: MigrationFailure = {
    error: masked(messageOf(error)),
    sqlState: state,
    file: statement.path === undefined ? undefined : basename(statement.path),
    line: lineOf(error, statement),
    detail: detail === undefined ? undefined : masked(detail),
    hint: hint === undefined ? undefined : masked(hint),
  };
  return new MigrationFailed(failure, statement.broken || isWorthAnotherTry(state), error);
}

function isWorthAnotherTry(state: string | undefined): boolean {
  return state !== undefined && (WORTH_ANOTHER_TRY.has(state) || state.startsWith(INSUFFICIENT_RESOURCES));
}

/** A refused connection to several addresses is an AggregateError without a message of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message || error.name : String(error);
}

/** The server counts characters within what it was sent; people count lines in the file. */
function lineOf(error: unknown, { sql, path }: FailedStatement): string | undefined {
  const position = Number((error as { readonly position?: string }).position);
  if (sql === undefined || !Number.isInteger(position) || position < 1) return undefined;
  const before = sql.slice(0, position - 1);
  const file = path === undefined ? '' : readFileSync(path, 'utf8');
  const preceding = file.slice(0, Math.max(0, file.indexOf(before))) + before;
  return String(preceding.split('\n').length);
}
