// Counts errors in PostgreSQL's log by their SQLSTATE, which every line begins with (`log_line_prefix`). Pure; separate from the other
// reading of that log, which asks who said what and knows no codes.

/** %e: the SQLSTATE, 00000 where nothing went wrong. */
export const LOG_LINE_PREFIX = '%e ';

/** too_many_connections: of the server, a database or a role. */
export const TOO_MANY_CONNECTIONS = '53300';

/** Messages, not lines: HINT and DETAIL of a message repeat its code. */
export const countSqlstate = (log: string, sqlstate: string): number =>
  log.split('\n').filter((line) => line.startsWith(`${sqlstate} `) && MESSAGE.test(line)).length;

const MESSAGE = /^.{5} (?:ERROR|FATAL|PANIC): /;
