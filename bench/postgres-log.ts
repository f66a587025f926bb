// Counts what a PostgreSQL server was asked to do, from its own log (log_statement=all, log_connections=on). Separate from the operator's
// metrics on purpose: nobody should have to believe a program's own counters.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { countStatements } from './sql-statements.ts';

/** For `startPostgres`: the log that `readPostgresLog` understands. Milliseconds, process, user, database, application. */
export const LOG_SETTINGS: Readonly<Record<string, string>> = {
  log_statement: 'all',
  log_connections: 'on',
  log_line_prefix: '%n\t%p\t%u\t%d\t%a\t',
};

/** Who asked. `job`: a migration. `probe`: the operator, logged in as a tenant. */
export type Asker = 'operator' | 'probe' | 'job' | 'other';

export interface LogEntry {
  readonly atMs: number;
  readonly asker: Asker;
  readonly database: string;
  readonly kind: 'statement' | 'connection' | 'error';
  /** SQL text, or the server's message. */
  readonly text: string;
}

export interface PostgresCounts {
  /** As a parser counts them: a string of five is five. */
  readonly statements: number;
  /** As they travel: a string of five is one. */
  readonly messages: number;
  readonly connections: number;
  readonly errors: number;
}

const OPERATOR_APPLICATION = 'studio-operator/';
const MIGRATOR = /^studio_\d+_db_migrator$/;
const TENANT_LOGIN = /^studio_\d+_db(_b)?$/;

/** Entries from `fromByte` of the file on, in the order of writing. */
export async function* readPostgresLog(file: string, fromByte = 0): AsyncGenerator<LogEntry, void> {
  const lines = createInterface({ input: createReadStream(file, { start: fromByte }), crlfDelay: Number.POSITIVE_INFINITY });
  let record: string | undefined;
  for await (const line of lines) {
    // The server writes a line break within a message as one followed by a tab; our prefix begins with a digit.
    if (record !== undefined && line.startsWith('\t')) record += `\n${line.slice(1)}`;
    else {
      if (record !== undefined) yield* entryOf(record);
      record = line;
    }
  }
  if (record !== undefined) yield* entryOf(record);
}

const RECORD = /^(\d+)\.(\d{3})\t\d+\t([^\t]*)\t([^\t]*)\t([^\t]*)\t([A-Z]+): {2}([\s\S]*)$/;
const STATEMENT = /^(?:statement|execute [^:]*): ([\s\S]*)$/;
const AUTHORIZED = /^connection authorized: user=(\S+)(?: database=(\S+))?(?: application_name=(\S+))?/;

const entryOf = (record: string): readonly LogEntry[] => {
  const match = RECORD.exec(record);
  if (match === null) return [];
  const [, seconds, milliseconds, user = '', database = '', application = '', severity = '', text = ''] = match;
  const atMs = Number(seconds) * 1000 + Number(milliseconds);
  if (severity === 'ERROR' || severity === 'FATAL') return [{ atMs, asker: askerOf(user, application), database, kind: 'error', text }];
  const sql = STATEMENT.exec(text)?.[1];
  if (sql !== undefined) return [{ atMs, asker: askerOf(user, application), database, kind: 'statement', text: sql }];
  const authorized = AUTHORIZED.exec(text);
  if (authorized === null) return [];
  const [, who = '', where = '', as = ''] = authorized;
  return [{ atMs, asker: askerOf(who, as), database: where, kind: 'connection', text: '' }];
};

const askerOf = (user: string, application: string): Asker => {
  if (MIGRATOR.test(user)) return 'job';
  if (!application.startsWith(OPERATOR_APPLICATION)) return 'other';
  return TENANT_LOGIN.test(user) ? 'probe' : 'operator';
};

const NONE: PostgresCounts = { statements: 0, messages: 0, connections: 0, errors: 0 };

export const countEntries = (entries: Iterable<LogEntry>): PostgresCounts => {
  let counts = NONE;
  for (const { kind, text } of entries) {
    if (kind === 'statement') {
      counts = { ...counts, messages: counts.messages + 1, statements: counts.statements + countStatements(text) };
    } else if (kind === 'connection') counts = { ...counts, connections: counts.connections + 1 };
    else counts = { ...counts, errors: counts.errors + 1 };
  }
  return counts;
};
