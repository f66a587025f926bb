/*
 * A name for every request and one line in the log when it is over. Separate because it sees all requests, those that no
 * tenant gets to see included.
 */
import { randomUUID } from 'node:crypto';

import type { NextFunction, Request, Response } from 'express';
import type { Logger } from 'pino';

import { tenantFields } from './tenant-database.ts';

const HEADER = 'x-request-id';

/** The sender's own name for it, where it is one that may stand in a log. */
export function requestId(given: string | undefined): string {
  return given !== undefined && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}

export function requestIdOf(response: Response): string | undefined {
  return response.getHeader(HEADER)?.toString();
}

export function requestLog(log: Logger): (request: Request, response: Response, next: NextFunction) => void {
  return (request, response, next) => {
    const startedMs = performance.now();
    response.setHeader(HEADER, requestId(request.get(HEADER)));
    response.once('close', () => {
      const fields = {
        ...requestFields(request, response),
        status: response.statusCode,
        durationMs: Math.round(performance.now() - startedMs),
      };
      if (response.writableFinished) log.info(fields, 'request answered');
      else log.warn(fields, 'client went away before its answer was written');
    });
    next();
  };
}

/** Without the query: people put names and addresses into it. */
export function requestFields(request: Request, response: Response): Readonly<Record<string, unknown>> {
  const [path = ''] = request.originalUrl.split('?');
  return { requestId: requestIdOf(response), method: request.method, path: path.slice(0, 200), ...tenantFields(request) };
}
