/*
 * What can go wrong between a request and its tenant's database, one class per answer. Separate because the directory
 * and the pools throw them, the middleware turns them into responses, and applications match on them by `code`.
 */
import type { TenantState } from './tenant.ts';

interface RoutingErrorOptions extends ErrorOptions {
  /** How long a client should wait before it tries again, seconds. */
  readonly retryAfterSeconds?: number | undefined;
}

/** All of them. The message may go into a log, never into a response: it can name hosts and databases. */
export abstract class RoutingError extends Error {
  abstract readonly code: string;
  /** The HTTP status this is answered with. */
  abstract readonly httpStatus: number;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, { retryAfterSeconds, ...options }: RoutingErrorOptions = {}) {
    super(message, options);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The master database gives no answer, and what was asked for is not in the cache. */
export class DirectoryUnavailable extends RoutingError {
  override readonly name = 'DirectoryUnavailable';
  readonly code = 'directory_unavailable';
  readonly httpStatus = 503;
}

/** Too many requests wait: for the directory, for a connection of this tenant, or for any connection at all. */
export class Overloaded extends RoutingError {
  override readonly name = 'Overloaded';
  readonly code = 'overloaded';
  readonly httpStatus = 503;
}

/** The tenant's database, or its credentials, cannot be reached now. Whether a statement took effect is unknown. */
export class TenantUnavailable extends RoutingError {
  override readonly name = 'TenantUnavailable';
  readonly code = 'tenant_unavailable';
  readonly httpStatus = 503;
}

/** The tenant is not served, as seen when its database refused us in the middle of a request. */
export class TenantNotServed extends RoutingError {
  override readonly name = 'TenantNotServed';
  readonly code = 'tenant_not_served';
  readonly state: TenantState;
  readonly httpStatus: number;

  constructor(message: string, state: TenantState, httpStatus: number, options: RoutingErrorOptions = {}) {
    super(message, options);
    this.state = state;
    this.httpStatus = httpStatus;
  }
}

/** No tenant has this host: it is nobody's, the platform's own, or no host name at all. For code that names a host itself. */
export class UnknownHost extends RoutingError {
  override readonly name = 'UnknownHost';
  readonly code = 'unknown_host';
  readonly httpStatus: number;
  readonly state: 'unknown' | 'platform' | 'malformed';

  constructor(message: string, state: 'unknown' | 'platform' | 'malformed', options: RoutingErrorOptions = {}) {
    super(message, options);
    this.state = state;
    this.httpStatus = state === 'malformed' ? 400 : 404;
  }
}

/** There is no tenant here: code that needs one ran outside a tenant's request. A mistake of the application. */
export class NoCurrentTenant extends RoutingError {
  override readonly name = 'NoCurrentTenant';
  readonly code = 'no_current_tenant';
  readonly httpStatus = 500;
}

/** What was found is another tenant's. Never retried, never served: something is set up wrongly. */
export class WrongTenant extends RoutingError {
  override readonly name = 'WrongTenant';
  readonly code = 'wrong_tenant';
  readonly httpStatus = 500;
}
