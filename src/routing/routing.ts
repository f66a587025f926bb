/*
 * Directory, pools and middleware as one: what an application makes once per process. Separate because each part works
 * alone; here is only what ties them together.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CredentialsProvider } from './credentials/provider.ts';
import { runAs } from './current-tenant.ts';
import { decide, decideTenant } from './decide.ts';
import { createTenantDirectory, type DirectoryOptions } from './directory/create-directory.ts';
import type { TenantDirectory } from './directory/directory.ts';
import { errorOf } from './error-states.ts';
import type { Next, RoutedRequest, RoutedResponse, WithTenant } from './http-types.ts';
import { tenantMiddleware, type TenantMiddleware, type TenantMiddlewareOptions } from './middleware.ts';
import type { TenantPoolsOptions } from './pools/options.ts';
import { createTenantPools } from './pools/tenant-pools.ts';
import type { TenantPools } from './pools/types.ts';
import { Refuser } from './refuser.ts';
import { RequestTenant } from './request-tenant.ts';

export interface TenantRoutingOptions extends Omit<TenantMiddlewareOptions, 'directory' | 'pools'> {
  /** The master database, postgresql://..., as a login that `grant_application` was called for. */
  readonly master: DirectoryOptions['master'];
  /** What tenants' subdomains are under, e.g. `platform.com`. */
  readonly baseDomain: string;
  readonly credentials: CredentialsProvider;
  /** Limits and times of the directory. */
  readonly directory?: Omit<DirectoryOptions, 'master' | 'baseDomain'> | undefined;
  /** Limits and times of the pools. */
  readonly pools?: Omit<TenantPoolsOptions, 'credentials' | 'lookAgain'> | undefined;
}

/** By a host, as a request would name it; or by the number, which is also in a tenant that is there already: it is looked up again. */
export type TenantTarget = string | { readonly organizationId: number };

export interface TenantRouting {
  readonly directory: TenantDirectory;
  readonly pools: TenantPools;
  /** For Express 5 and whatever speaks `(request, response, next)`. */
  readonly middleware: TenantMiddleware;
  /** For plain node:http and node:http2. What the handler throws is answered. */
  handle<Request extends RoutedRequest = IncomingMessage, Response extends RoutedResponse = ServerResponse>(
    handler: (request: WithTenant<Request>, response: Response) => unknown,
  ): (request: Request, response: Response) => void;
  /** Express error handler, to be mounted after the routes: answers errors of routing, hands on all others. */
  readonly errorHandler: (error: unknown, request: RoutedRequest, response: RoutedResponse, next: Next) => void;
  /** The tenant, for jobs, sockets and other frameworks. Throws UnknownHost, TenantNotServed, and what the directory throws. */
  tenant(target: TenantTarget): Promise<RequestTenant>;
  /** Runs `work` for a tenant, as its requests run: `currentTenant()` is there. Throws as `tenant` does. */
  run<Result>(target: TenantTarget, work: (tenant: RequestTenant) => Result | Promise<Result>): Promise<Result>;
  /** When changes of tenants are heard of: a good moment to become ready. */
  ready(): Promise<void>;
  /** Waits for running statements, then closes every connection. */
  close(): Promise<void>;
}

/** Connects to nothing yet. Throws TypeError for options that cannot work. */
export const createTenantRouting = (options: TenantRoutingOptions): TenantRouting => {
  const { master, baseDomain, credentials } = options;
  const directory = createTenantDirectory({ ...options.directory, master, baseDomain });
  const lookAgain: NonNullable<TenantPoolsOptions['lookAgain']> = (tenant) => directory.refresh(tenant.organizationId);
  const pools = createTenantPools({ ...options.pools, credentials, lookAgain });
  return tenantRoutingOver({ ...options, directory, pools });
};

/** The same over a directory and pools of your own. */
export const tenantRoutingOver = (options: TenantMiddlewareOptions): TenantRouting => {
  const { directory, pools } = options;
  const middleware = tenantMiddleware(options);
  const refuser = new Refuser(options);
  const tenant = tenantFinder(options);
  return {
    directory,
    pools,
    middleware,
    handle: (handler) => plainHandler(middleware, refuser, handler),
    errorHandler: (error, request, response, next) => {
      const refusal = refuser.refusalOfError(error);
      if (refusal === undefined) next(error);
      else refuser.refuse(request, response, { ...refusal, tenant: request.tenant });
    },
    tenant,
    run: async (target, work) => {
      const found = await tenant(target);
      return runAs(found, () => work(found));
    },
    ready: () => directory.ready(),
    close: async () => {
      await pools.close();
      await directory.close();
    },
  };
};

const plainHandler = <Request extends RoutedRequest, Response extends RoutedResponse>(
  middleware: TenantMiddleware,
  refuser: Refuser,
  handler: (request: WithTenant<Request>, response: Response) => unknown,
): ((request: Request, response: Response) => void) => {
  const attempt = async (request: Request, response: Response, error: unknown): Promise<void> => {
    if (error !== undefined) return refuser.refuseError(request, response, error);
    try {
      await handler(request as WithTenant<Request>, response);
    } catch (thrown) {
      refuser.refuseError(request, response, thrown);
    }
  };
  return (request, response) => {
    try {
      middleware(request, response, (error) => void attempt(request, response, error));
    } catch (error) {
      // Whoever calls us is node:http, where it would end the process.
      refuser.refuseError(request, response, error);
    }
  };
};

const tenantFinder = ({ directory, pools, minimumRelease }: TenantMiddlewareOptions) => {
  const look = async (target: TenantTarget) => {
    if (typeof target === 'string') return decide(await directory.find(target), minimumRelease);
    const tenant = await directory.refresh(target.organizationId);
    return tenant === undefined ? 'deleted' : decideTenant(tenant, minimumRelease);
  };
  return async (target: TenantTarget): Promise<RequestTenant> => {
    const decision = await look(target);
    if (typeof decision !== 'string') return new RequestTenant(decision, pools);
    throw errorOf(decision, typeof target === 'string' ? `host ${JSON.stringify(target)}` : `organization ${target.organizationId}`);
  };
};
