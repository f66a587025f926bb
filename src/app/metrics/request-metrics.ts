/*
 * What requests came to. Separate because two have to meet in one series: how a request was answered, which is known when it
 * is over, and whether routing did so by itself, which routing tells before.
 */
import type { NextFunction, Request, Response } from 'express';
import type { Registry } from 'prom-client';

import { instruments } from '../../metrics/instruments.ts';
import type { AnswerEvent } from '../../routing/index.ts';

export interface RequestMetrics {
  /** For routing's hook: it answered this request by itself. */
  readonly answered: (event: Pick<AnswerEvent, 'request' | 'state'>) => void;
  /** Counts each request once, when it is over. */
  readonly middleware: (request: Request, response: Response, next: NextFunction) => void;
}

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** What `answer` says where the application's own code answered. */
const APPLICATION = 'application';
const CLIENT_GONE = 'aborted';

export function requestMetrics(registry: Registry): RequestMetrics {
  const make = instruments(registry);
  const total = make.counter({
    name: 'studio_app_requests_total',
    help: 'Requests by class of status (2xx to 5xx; aborted: the client went away), and by who answered: the application, or routing and why.',
    labels: ['class', 'answer'],
  });
  const time = make.histogram(
    { name: 'studio_app_request_seconds', help: 'From the arrival of a request to the end of its answer.', labels: ['class'] },
    BUCKETS,
  );
  const states = new WeakMap<object, string>();
  return {
    answered: ({ request, state }) => void states.set(request, state),
    middleware: (request, response, next) => {
      const startedMs = performance.now();
      response.once('close', () => {
        const statusClass = response.writableFinished ? `${Math.floor(response.statusCode / 100)}xx` : CLIENT_GONE;
        total.inc({ class: statusClass, answer: states.get(request) ?? APPLICATION });
        time.observe({ class: statusClass }, (performance.now() - startedMs) / 1_000);
      });
      next();
    },
  };
}
