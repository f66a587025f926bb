/**
 * What a migration program tells the operator: its exit codes and the last block of its output.
 * Separate because two programs must agree on it: `migrate` writes it inside the Job, the operator reads it from the pod.
 */

/** Exit codes of `migrate`; other migration tools may use the same (sysexits.h). */
export const MIGRATE_EXIT = {
  /** All migrations are in, or there were none to run. */
  done: 0,
  /** Wrong arguments or environment: nothing was tried. */
  usage: 64,
  /** A migration failed and was rolled back; the same again would fail again. */
  failed: 65,
  /** The server could not be reached, was full, or a lock was not to be had: worth another try. */
  transient: 75,
} as const;

export interface MigrationFailure {
  /** One sentence. */
  readonly error: string;
  readonly sqlState?: string | undefined;
  /** Name of the migration file. */
  readonly file?: string | undefined;
  /** Line in that file, from 1. */
  readonly line?: string | undefined;
  /** May quote the customer's rows. */
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
}

const HEADER = '--- migration failed ---';

/** In the order they are written, with the most characters of each: all together fit the 2,048 bytes a pod keeps of its log. */
const FIELDS: readonly (readonly [keyof MigrationFailure, number])[] = [
  ['error', 600],
  ['sqlState', 5],
  ['file', 200],
  ['line', 10],
  ['detail', 400],
  ['hint', 300],
];

/** The block as text without a final newline; every value on one line. */
export function failureBlock(failure: MigrationFailure): string {
  const lines = FIELDS.flatMap(([field, length]) => {
    const value = failure[field];
    return value === undefined ? [] : [`${field}: ${onOneLine(value).slice(0, length)}`];
  });
  return [HEADER, ...lines].join('\n');
}

/** Reads the last block in a program's output; undefined where there is none. */
export function parseFailureBlock(output: string): MigrationFailure | undefined {
  const start = output.lastIndexOf(HEADER);
  if (start < 0) return undefined;
  const values = new Map<string, string>();
  for (const line of output.slice(start + HEADER.length).split('\n')) {
    const [, field = '', value = ''] = /^(\w+): (.*)$/.exec(line) ?? [];
    if (field !== '') values.set(field, value);
  }
  const error = values.get('error');
  if (error === undefined) return undefined;
  return { error, ...Object.fromEntries(FIELDS.filter(([field]) => values.has(field)).map(([field]) => [field, values.get(field)])) };
}

function onOneLine(value: string): string {
  return value.replaceAll(/\s+/g, ' ').trim();
}
