/*
 * The web application: what every request passes, in order, and which router it reaches. Separate from the process around
 * it so that the order is one list.
 */
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';

import type { TenantDirectory } from '../routing/index.ts';
import { bookingsRouter } from './bookings/router.ts';
import { clientsRouter } from './clients/router.ts';
import { creditsRouter, descriptionsRouter } from './credits/router.ts';
import type { Queryable } from './database.ts';
import { healthRouter, type Readiness } from './health.ts';
import { bodies } from './http/bodies.ts';
import { errorAnswers, nothingHere } from './http/errors.ts';
import { requestLog } from './http/request-log.ts';
import { securityHeaders } from './http/security-headers.ts';
import type { RequestMetrics } from './metrics/request-metrics.ts';
import { pageRouter } from './page/router.ts';
import { sessionsRouter } from './sessions/router.ts';

export interface WebOptions {
  readonly routing: {
    readonly middleware: RequestHandler;
    readonly errorHandler: ErrorRequestHandler;
    readonly directory: Pick<TenantDirectory, 'stats'>;
  };
  readonly master: Queryable;
  readonly readiness: Readiness;
  readonly log: Logger;
  readonly requests: Pick<RequestMetrics, 'middleware'>;
}

export function webApplication({ routing, master, readiness, log, requests }: WebOptions): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.use(healthRouter(readiness));
  app.use(requestLog(log), requests.middleware, securityHeaders);
  // From here on there is a tenant: nothing is read from a request that no tenant gets.
  app.use(routing.middleware, ...bodies());
  const isMasterAnswering = (): boolean => routing.directory.stats().isMasterAnswering;
  app.use('/', pageRouter({ master, isMasterAnswering, log }));
  app.use('/sessions', sessionsRouter(), descriptionsRouter(master));
  app.use('/clients', clientsRouter());
  app.use('/bookings', bookingsRouter());
  app.use('/credits', creditsRouter(master));
  app.use(nothingHere);
  app.use(routing.errorHandler, errorAnswers(log));
  return app;
}
