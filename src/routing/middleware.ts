/*
 * The middleware: from a request's host to its tenant, or to an answer. Separate from what it uses because this is the
 * path of every request: for a known tenant it awaits nothing.
 */
import { runAs } from './current-tenant.ts';
import { decide } from './decide.ts';
import type { Resolution, TenantDirectory } from './directory/directory.ts';
import type { RoutingHooks } from './hooks.ts';
import { callHook } from './hooks.ts';
import type { Next, RoutedRequest, RoutedResponse } from './http-types.ts';
import type { TenantPools } from './pools/types.ts';
import { Refuser, type RefuserOptions } from './refuser.ts';
import { requestHost, type HostProblem } from './request-host.ts';
import { RequestTenant } from './request-tenant.ts';
import type { Tenant } from './tenant.ts';
import { trustedPeers } from './trusted-peers.ts';

export interface TenantMiddlewareOptions extends RefuserOptions {
  readonly directory: TenantDirectory;
  readonly pools: TenantPools;
  /** The least `spec.version` of a SchemaRelease that the application works with; tenants behind it get 503. Default: any. */
  readonly minimumRelease?: number | undefined;
  /** Addresses and CIDRs of proxies whose X-Forwarded-Host counts. Default: none. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** What a request for the bare base domain gets: an answer (404), or the next handler, without a tenant. Default: `answer`. */
  readonly onPlatformHost?: 'answer' | 'next' | undefined;
}

export type TenantMiddleware = (request: RoutedRequest, response: RoutedResponse, next: Next) => void;

/** `(request, response, next)` for Express 5 and whatever speaks it. Throws TypeError for a proxy that is no address. */
export const tenantMiddleware = (options: TenantMiddlewareOptions): TenantMiddleware => {
  const { directory, trustedProxies = [] } = options;
  const isTrusted = trustedPeers(trustedProxies);
  const entrance = new Entrance(options);
  return (request, response, next) => {
    const { host, problem } = requestHost(request, isTrusted);
    const arrival: Arrival = { request, response, next, host };
    if (host === undefined) return entrance.refuseHost(arrival, problem);
    let found: Resolution | Promise<Resolution>;
    try {
      found = directory.find(host);
    } catch (error) {
      return entrance.fail(arrival, error, 0);
    }
    if (found instanceof Promise) entrance.wait(arrival, found);
    else entrance.proceed(arrival, found, 0);
  };
};

/** A request on its way. */
interface Arrival {
  readonly request: RoutedRequest;
  readonly response: RoutedResponse;
  readonly next: Next;
  readonly host: string | undefined;
}

/** What happens once the host is known. A class, so that a request makes no closures. */
class Entrance {
  readonly #pools: TenantPools;
  readonly #minimumRelease: number | undefined;
  readonly #opensPlatform: boolean;
  readonly #hooks: RoutingHooks;
  readonly #refuser: Refuser;

  constructor(options: TenantMiddlewareOptions) {
    this.#pools = options.pools;
    this.#minimumRelease = options.minimumRelease;
    this.#opensPlatform = options.onPlatformHost === 'next';
    this.#hooks = options.hooks ?? {};
    this.#refuser = new Refuser(options);
  }

  wait(arrival: Arrival, found: Promise<Resolution>): void {
    const startedAt = performance.now();
    found.then(
      (resolution) => this.#proceedLater(arrival, resolution, performance.now() - startedAt),
      (error: unknown) => this.fail(arrival, error, performance.now() - startedAt),
    );
  }

  /** Nobody is above us any more to catch what a handler throws. */
  #proceedLater(arrival: Arrival, resolution: Resolution, lookupMs: number): void {
    try {
      this.proceed(arrival, resolution, lookupMs);
    } catch (error) {
      this.#refuser.refuseError(arrival.request, arrival.response, error);
    }
  }

  proceed(arrival: Arrival, resolution: Resolution, lookupMs: number): void {
    const decision = decide(resolution, this.#minimumRelease);
    if (typeof decision !== 'string') return this.#enter(arrival, decision, lookupMs);
    const { request, response, next, host } = arrival;
    if (decision === 'platform' && this.#opensPlatform) return next();
    const tenant = resolution.kind === 'tenant' ? resolution.tenant : undefined;
    this.#refuser.refuse(request, response, { state: decision, host, tenant, lookupMs });
  }

  fail({ request, response, next, host }: Arrival, error: unknown, lookupMs: number): void {
    const refusal = this.#refuser.refusalOfError(error);
    if (refusal === undefined) next(error);
    else this.#refuser.refuse(request, response, { ...refusal, host, lookupMs });
  }

  refuseHost({ request, response }: Arrival, problem: HostProblem | undefined): void {
    this.#refuser.refuse(request, response, { state: 'malformed', problem, lookupMs: 0 });
  }

  #enter({ request, response, next }: Arrival, record: Tenant, lookupMs: number): void {
    const tenant = new RequestTenant(record, this.#pools);
    request.tenant = tenant;
    const { onRequest, onResponse } = this.#hooks;
    const { organizationId, subdomain } = tenant;
    if (onRequest !== undefined) callHook(this.#hooks, onRequest, { request, organizationId, subdomain, lookupMs });
    if (onResponse !== undefined) this.#watch(request, response, tenant);
    runAs(tenant, next);
  }

  #watch(request: RoutedRequest, response: RoutedResponse, { organizationId, subdomain }: Tenant): void {
    const startedAt = performance.now();
    response.once('close', () => {
      const durationMs = performance.now() - startedAt;
      callHook(this.#hooks, this.#hooks.onResponse, { request, organizationId, subdomain, status: response.statusCode, durationMs });
    });
  }
}
