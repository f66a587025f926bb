/**
 * The operator's logger: pino, one JSON object per line, readable lines in a terminal, and no passwords in either.
 * A process edge: everything else is handed a logger and never makes one.
 */
import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import { prettyFactory } from 'pino-pretty';

import type { Config } from './config.ts';
import { serializeError } from './log/error-serializer.ts';
import { masked } from './desired/masking.ts';

/** Keys whose values are never written, at the top and one level down. */
const SECRET_KEYS = ['password', 'passwordHash', 'verifier', 'token', 'uri', 'connectionString', 'databaseUrl'];

export interface LogOutput {
  /** Where lines go; standard output unless a test looks at them. */
  readonly destination?: DestinationStream;
  /** Whether a person is likely to be reading. */
  readonly isTerminal: boolean;
  /** Added to every line: whom the running code works for. */
  readonly fields?: () => object;
}

/** Constant messages with key-values: `log.info({ tenant }, 'database created')`. Errors go under `err`. */
export function createLogger(config: Config['log'], output: LogOutput): Logger {
  const isPretty = config.format === 'pretty' || (config.format === 'auto' && output.isTerminal);
  const options = { ...loggerOptions(config.level), ...(output.fields !== undefined && { mixin: output.fields }) };
  if (isPretty) return pino(options, prettyLines(output));
  return output.destination === undefined ? pino(options) : pino(options, output.destination);
}

function loggerOptions(level: Config['log']['level']): LoggerOptions {
  return {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }), log: maskStrings },
    serializers: { err: (error: unknown) => serializeError(error) },
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: '[masked]' },
  };
}

/** A connection string can arrive under any key; the error serializer looks after errors. */
function maskStrings(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? masked(value) : value]));
}

/** In this process and synchronous, so that the last lines before an exit are seen. */
function prettyLines({ destination, isTerminal }: LogOutput): DestinationStream {
  const pretty = prettyFactory({ colorize: isTerminal, translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
  const lines = destination ?? pino.destination({ dest: 1, sync: true });
  return { write: (line) => lines.write(pretty(line)) };
}
