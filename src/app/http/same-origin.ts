/*
 * Refuses forms that another site's page has sent. Separate because it is a rule about browsers alone: JSON cannot be sent
 * across origins without asking first, forms can.
 */
import type { NextFunction, Request, Response } from 'express';

import { Problem } from './problem.ts';

/** Throws a Problem 403. */
export function refuseForeignForms(request: Request, _response: Response, next: NextFunction): void {
  const { 'sec-fetch-site': site, origin } = request.headers;
  if (!isOwnForm({ site: site?.toString(), origin, host: request.headers.host }))
    throw new Problem(403, 'foreign_form', 'This form was sent from another site, so it was not taken.');
  next();
}

interface Sender {
  /** Sec-Fetch-Site: what the browser knows, sent over HTTPS and to localhost. */
  readonly site: string | undefined;
  /** Every browser sends it with a POST. */
  readonly origin: string | undefined;
  readonly host: string | undefined;
}

/** Without either header it is no browser's form, or one whose origin somebody has hidden: refused. */
export function isOwnForm({ site, origin, host }: Sender): boolean {
  if (site !== undefined) return site === 'same-origin';
  // Not URL.canParse: it says yes to some very long names that the parser then refuses.
  const sender = URL.parse(origin ?? '');
  if (sender === null || sender.host === '' || host === undefined) return false;
  // The Ingress ends TLS, so the scheme is not known here; the default port of either may stand in Host.
  return sender.host === URL.parse(`${sender.protocol}//${host}`)?.host;
}
