/*
 * Types for Express: `request.tenant` in every handler after the middleware. Separate because it needs Express' types,
 * which other applications do not have. To use: `import 'studio-operator/routing/express'`.
 */
import type { RequestTenant } from './request-tenant.ts';

declare global {
  // Express' own name for what applications add to its requests.
  namespace Express {
    interface Request {
      /** The tenant of the request's host. Not there for the platform's own host, where that is let through. */
      tenant: RequestTenant;
    }
  }
}

export type { RequestTenant } from './request-tenant.ts';
