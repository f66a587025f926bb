/*
 * The end of a request that went wrong: a Problem as it is, an error of a library or of PostgreSQL as the Problem it means,
 * anything else as 500 with its cause in the log. As JSON or as a page. Separate because it is the only place that does it;
 * what the routing itself answers (a suspended studio, say) has been answered before.
 */
import { STATUS_CODES } from 'node:http';

import type { NextFunction, Request, Response } from 'express';
import type { Logger } from 'pino';

import { sqlStateOf, SqlState } from '../database.ts';
import { messagePage } from '../page/layout.ts';
import { Problem, problemBody } from './problem.ts';
import { requestFields, requestIdOf } from './request-log.ts';

export function nothingHere(): never {
  throw new Problem(404, 'not_found', 'There is nothing at this address.');
}

/** Express knows an error handler by its four parameters. */
export function errorAnswers(log: Logger): (error: unknown, request: Request, response: Response, next: NextFunction) => void {
  return (error, request, response, next) => {
    const problem = problemOf(error);
    const fields = requestFields(request, response);
    if (problem.status >= 500) log.error({ ...fields, err: error }, 'request failed');
    // Half an answer is out: Express ends the connection, so that nobody takes it for a whole one.
    if (response.headersSent) next(error);
    else answer(problem, request, response);
  };
}

/** Exported for its table alone. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return ofBody(error) ?? ofPostgres(error) ?? new Problem(500, 'internal', 'Something went wrong on our side.', { cause: error });
}

function answer(problem: Problem, request: Request, response: Response): void {
  response.status(problem.status).set(problem.headers).vary('Accept');
  if (request.accepts(['json', 'html']) === 'html') {
    const sentences = problem.fields.map(({ field, message }) => `${field} ${message}.`);
    response.type('html').send(messagePage(STATUS_CODES[problem.status] ?? 'Error', [problem.message, ...sentences]));
    return;
  }
  response.type('application/problem+json').send(JSON.stringify(problemBody(problem, requestIdOf(response))));
}

/** Sentences for what the body parsers refuse, by their `type`. */
const BODY_PROBLEMS: Readonly<Record<string, string>> = {
  'entity.parse.failed': 'The body is not JSON.',
  'entity.too.large': 'The body is larger than 64 kB.',
  'parameters.too.many': 'The form has too many fields.',
  'encoding.unsupported': 'The body is in an encoding that is not known here.',
  'charset.unsupported': 'The body is in a character set that is not known here.',
  'request.aborted': 'The body ended early.',
  'request.size.invalid': 'The body is not as long as its header says.',
};

/** Errors of Express and its parsers carry a status below 500 and a message of theirs, which is not repeated. */
function ofBody(error: unknown): Problem | undefined {
  const { status, type } = (error ?? {}) as { status?: unknown; type?: unknown };
  if (!(error instanceof Error) || typeof status !== 'number' || status < 400 || status > 499) return undefined;
  const message = (typeof type === 'string' ? BODY_PROBLEMS[type] : undefined) ?? 'The request cannot be read.';
  return new Problem(status, 'bad_request', message, { cause: error });
}

const BEHIND = ['schema_behind', 'This studio is being updated. Please try again in a moment.'] as const;
const BUSY = ['busy', 'Too many wait for the same thing. Please try again in a moment.'] as const;

/** What may go better in a moment, by SQLSTATE: code and sentence. */
const LATER: Readonly<Record<string, readonly [code: string, message: string]>> = {
  [SqlState.undefinedTable]: BEHIND,
  [SqlState.undefinedColumn]: BEHIND,
  [SqlState.lockNotAvailable]: BUSY,
  [SqlState.deadlock]: BUSY,
  [SqlState.queryCanceled]: ['too_slow', 'This took too long. Please try again in a moment.'],
};

function ofPostgres(cause: unknown): Problem | undefined {
  const later = LATER[sqlStateOf(cause) ?? ''];
  return later && new Problem(503, ...later, { cause, headers: { 'retry-after': '10' } });
}
