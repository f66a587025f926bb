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

/** Who asked. `job`: a migration. `probe`: the operator, logged in as a tenant. `bench`: the bare limit. */
export type Asker = 'operator' | 'probe' | 'job' | 'bench' | 'other';

/** application_name of the connections that count as the bare limit's. */
export const BENCH_APPLICATION = 'studio-bench';

export interface LogEntry {
  readonly atMs: number;
  readonly asker: Asker;
  readonly database: string;
  readonly kind: 'statement' | 'connection' | 'error';
  /** SQL text, or the server's message. */
  readonly text: string;
  /** Name of the prepared statement, where it has one. */
  readonly prepared?: string;
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

const RECORD =
  /^(?<ms>\d+\.\d{3})\t\d+\t(?<user>[^\t]*)\t(?<database>[^\t]*)\t(?<application>[^\t]*)\t(?<severity>[A-Z]+): {2}(?<text>[\s\S]*)$/;
const STATEMENT = /^(?:statement|execute (?<name>[^:]*)): (?<sql>[\s\S]*)$/;
const AUTHORIZED = /^connection authorized: user=(?<user>\S+)(?: database=(?<database>\S+))?(?: application_name=(?<application>\S+))?/;

type Groups = Readonly<Record<string, string | undefined>>;

/** One entry, or none for a line that tells of nothing that is counted. */
const entryOf = (record: string): readonly LogEntry[] => {
  const groups: Groups | undefined = RECORD.exec(record)?.groups;
  if (groups === undefined) return [];
  const found = eventOf(groups);
  return found === undefined ? [] : [{ atMs: Math.round(Number(groups['ms']) * 1000), ...found }];
};

const eventOf = (groups: Groups): Omit<LogEntry, 'atMs'> | undefined => {
  const { severity, text = '' } = groups;
  if (severity === 'ERROR' || severity === 'FATAL') return { kind: 'error', text, ...whoAndWhere(groups) };
  const statement: Groups | undefined = STATEMENT.exec(text)?.groups;
  if (statement !== undefined) return { kind: 'statement', ...statementOf(statement), ...whoAndWhere(groups) };
  // While it connects a session has no name yet; the message itself tells.
  const authorized: Groups | undefined = AUTHORIZED.exec(text)?.groups;
  return authorized === undefined ? undefined : { kind: 'connection', text: '', ...whoAndWhere(authorized) };
};

const statementOf = ({ name, sql = '' }: Groups): Pick<LogEntry, 'text' | 'prepared'> =>
  name === undefined || name === '<unnamed>' ? { text: sql } : { text: sql, prepared: name };

const whoAndWhere = ({ user = '', database = '', application = '' }: Groups): Pick<LogEntry, 'asker' | 'database'> => ({
  asker: askerOf(user, application),
  database,
});

const askerOf = (user: string, application: string): Asker => {
  if (MIGRATOR.test(user)) return 'job';
  if (application === BENCH_APPLICATION) return 'bench';
  if (!application.startsWith(OPERATOR_APPLICATION)) return 'other';
  return TENANT_LOGIN.test(user) ? 'probe' : 'operator';
};

export const countEntries = (entries: Iterable<LogEntry>): PostgresCounts => {
  const counts = { statements: 0, messages: 0, connections: 0, errors: 0 };
  for (const { kind, text } of entries) {
    if (kind === 'connection') counts.connections += 1;
    else if (kind === 'error') counts.errors += 1;
    else {
      counts.messages += 1;
      counts.statements += countStatements(text);
    }
  }
  return counts;
};

export const addedCounts = (a: PostgresCounts, b: PostgresCounts): PostgresCounts => ({
  statements: a.statements + b.statements,
  messages: a.messages + b.messages,
  connections: a.connections + b.connections,
  errors: a.errors + b.errors,
});
