/*
 * Headers of every answer. Separate because they are one policy: this application's pages have no scripts, no frames and no
 * style but their own, and what a tenant's answer says is in no cache.
 */
import type { NextFunction, Request, Response } from 'express';

import { STYLE_HASH } from '../page/layout.ts';

const POLICY = ["default-src 'none'", `style-src '${STYLE_HASH}'`, "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"].join(
  '; ',
);

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // Not no-referrer: forms would say that they come from nowhere.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cache-control': 'no-store',
};

/** Strict-Transport-Security is the Ingress' to send: it ends TLS, and knows whether there is any. */
export function securityHeaders(_request: Request, response: Response, next: NextFunction): void {
  response.set(HEADERS);
  next();
}
