/*
 * Loggers for tests: one that says nothing, one that keeps what was said. Separate because every test of the runtime
 * needs one or the other.
 */
import { pino } from 'pino';
import type { Logger } from 'pino';

export const silentLog: Logger = pino({ level: 'silent' });

type LogLine = Readonly<Record<string, unknown>> & { readonly level: number; readonly msg: string };

export interface KeptLog {
  readonly log: Logger;
  readonly lines: readonly LogLine[];
}

export function keptLog(): KeptLog {
  const lines: LogLine[] = [];
  const write = (line: string): void => {
    lines.push(JSON.parse(line) as LogLine);
  };
  return { log: pino({ level: 'debug' }, { write }), lines };
}
