/**
 * How an error looks in the log: its chain of causes, each with message, code and place. Separate from the logger
 * because errors of clients carry more than may be written: request headers, bodies, statements with verifiers.
 */
import { masked } from '../desired/masking.ts';

export interface LoggedError {
  readonly type: string;
  readonly message: string;
  /** SQLSTATE, HTTP status or system error code. */
  readonly code?: string | number;
  /** The API server's reason. */
  readonly reason?: string;
  /** Where it was made, without the message. */
  readonly stack?: string;
  readonly cause?: LoggedError;
  /** The parts of an AggregateError, such as one per address that was tried. */
  readonly errors?: readonly LoggedError[];
}

const MAX_DEPTH = 8;
const MAX_PARTS = 4;

/** Only the named fields are taken, so that a client's error cannot bring its request along. */
export function serializeError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: masked(String(error)) };
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  return {
    type: error.name,
    message: masked(messageOf(error)),
    ...(isCode(code) && { code }),
    ...(typeof reason === 'string' && reason !== '' && { reason }),
    ...framesOf(error),
    ...(depth < MAX_DEPTH && causesOf(error, depth + 1)),
  };
}

/** What lies beneath; a chain of causes may be a circle, so it ends somewhere. */
function causesOf(error: Error, depth: number): Pick<LoggedError, 'cause' | 'errors'> {
  const parts: readonly unknown[] = error instanceof AggregateError ? error.errors.slice(0, MAX_PARTS) : [];
  return {
    ...(error.cause !== undefined && { cause: serializeError(error.cause, depth) }),
    ...(parts.length > 0 && { errors: parts.map((part) => serializeError(part, depth)) }),
  };
}

/** The generated Kubernetes client's exceptions print the whole response, headers included, in their message. */
function messageOf(error: Error): string {
  const isResponse = 'body' in error && 'headers' in error;
  return isResponse ? 'the API server answered with an error' : error.message;
}

function framesOf(error: Error): { stack?: string } {
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return frames.length === 0 ? {} : { stack: frames.join('\n') };
}

function isCode(code: unknown): code is string | number {
  return typeof code === 'string' || typeof code === 'number';
}
