/*
 * Reads what a request carries: JSON everywhere, and a form where the page sends one. Separate because limits and refusals
 * of bodies are the same everywhere.
 */
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';

import { Problem } from './problem.ts';

const LIMIT = '64kb';
const MAX_FIELDS = 50;
const FORM = 'application/x-www-form-urlencoded';

export function bodies(): readonly RequestHandler[] {
  return [
    refuseOtherTypes,
    express.json({ limit: LIMIT, type: 'application/json' }),
    express.urlencoded({ limit: LIMIT, type: FORM, extended: false, parameterLimit: MAX_FIELDS }),
  ];
}

/** Only the page takes a form: another site's form must not pass for a request of a program. Throws a Problem 415. */
function refuseOtherTypes(request: Request, _response: Response, next: NextFunction): void {
  const type = request.path === '/' ? FORM : 'application/json';
  // What has no body has no type: whether one is needed is each address's own to judge.
  const isEmpty = request.is(type) === null || request.get('content-length') === '0';
  if (!isEmpty && request.is(type) === false)
    throw new Problem(415, 'unsupported_type', `This address takes ${type}.`, { headers: { accept: type } });
  next();
}
