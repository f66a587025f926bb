/*
 * The tenant that the running code works for, without passing it along. Separate because everything that asks (data
 * layers, loggers) needs nothing else of routing.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { NoCurrentTenant } from './errors.ts';
import type { RequestTenant } from './request-tenant.ts';

const storage = new AsyncLocalStorage<RequestTenant>();

/** Throws NoCurrentTenant outside a tenant's request: there is no default to fall back to. */
export const currentTenant = (): RequestTenant => {
  const tenant = storage.getStore();
  if (tenant === undefined)
    throw new NoCurrentTenant(
      "no tenant here: this code ran outside a tenant's request, or its callback was started by something shared between requests",
    );
  return tenant;
};

/** For every line of a log, e.g. pino's `mixin`. Empty outside a tenant's request. */
export const tenantLogFields = (): { readonly organizationId?: number; readonly subdomain?: string } => {
  const tenant = storage.getStore();
  return tenant === undefined ? {} : { organizationId: tenant.organizationId, subdomain: tenant.subdomain };
};

/**
 * A way to run what requests share (a connection, a hook) outside all of them: what it starts would otherwise go on in the
 * context of whoever happened to be first, and `currentTenant()` would name that tenant to others. The context is the
 * one in which this is called, without a tenant.
 */
export const outsideRequests = (): (<Result>(work: () => Result) => Result) => storage.exit(() => AsyncLocalStorage.snapshot());

/** Runs `work`, and all that it starts, for the tenant. */
export const runAs = <Result>(tenant: RequestTenant, work: () => Result): Result => storage.run(tenant, work);
