/*
 * The tenant that a request is for, and its database. Separate so that one place decides where handlers get a tenant from:
 * the request itself, which only the tenant middleware can have given one. Without it they fail.
 */
import type { Request } from 'express';

import type { RequestTenant } from '../../routing/express.ts';
import { NoCurrentTenant } from '../../routing/index.ts';
import type { Database } from '../database.ts';

/** Throws NoCurrentTenant outside the tenant middleware. */
export function tenantOf(request: Request): RequestTenant {
  const tenant = tenantIn(request);
  if (tenant === undefined) throw new NoCurrentTenant('this handler is not behind the tenant middleware');
  return tenant;
}

export function databaseOf(request: Request): Database {
  return tenantOf(request);
}

/** Key of everything in the master database. */
export function organizationOf(request: Request): number {
  return tenantOf(request).organizationId;
}

/** For log lines; empty where a request has found no tenant. */
export function tenantFields(request: Request): { readonly organizationId?: number; readonly subdomain?: string } {
  const tenant = tenantIn(request);
  return tenant === undefined ? {} : { organizationId: tenant.organizationId, subdomain: tenant.subdomain };
}

/** Express' types say that there always is one. */
function tenantIn(request: Request): RequestTenant | undefined {
  return request.tenant;
}
