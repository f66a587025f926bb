// The same handler as `fixed.ts` has, through routing, with nothing set up but its limits.

import type { RequestListener, ServerResponse } from 'node:http';
import express from 'express';
import { createTenantRouting, functionCredentials, type RequestTenant } from '../../src/routing/index.ts';
import { SESSIONS, type ServeRequest } from './variants.ts';

export interface RoutedServer {
  readonly listener: RequestListener;
  /** What went wrong, by SQLSTATE or code; counted as it happens. */
  readonly errors: Map<string, number>;
}

type Routing = ReturnType<typeof createTenantRouting>;

/** Resolves once every host that should be known is. */
export const routed = async (request: ServeRequest): Promise<RoutedServer> => {
  const errors = new Map<string, number>();
  const routing = createTenantRouting({
    master: request.masterUrl,
    baseDomain: request.baseDomain,
    credentials: credentialsOf(request),
    pools: {
      maxPools: request.maxPools,
      maxConnectionsPerTenant: request.connectionsPerTenant,
      maxConnectionsPerServer: request.connections,
    },
    hooks: { onError: (error: unknown) => count(errors, error) },
  });
  await routing.ready();
  await Promise.all(request.known.map((host) => routing.directory.find(host)));
  return { listener: request.frame === 'node:http' ? plain(routing) : express5(routing), errors };
};

const credentialsOf = ({ tenants }: ServeRequest) => {
  const logins = new Map(tenants.map((login) => [login.organizationId, login]));
  return functionCredentials(async ({ organizationId }) => {
    const login = logins.get(organizationId);
    if (login === undefined) throw new Error(`no credentials of organization ${organizationId}`);
    return login;
  });
};

/** Each error by the code of its deepest cause that has one: what PostgreSQL said, where it said something. */
const count = (errors: Map<string, number>, error: unknown): void => {
  let code = 'unknown';
  for (let cause = error; cause instanceof Error; cause = cause.cause) code = (cause as NodeJS.ErrnoException).code ?? code;
  errors.set(code, (errors.get(code) ?? 0) + 1);
};

const plain = (routing: Routing): RequestListener =>
  routing.handle(async (request, response) => {
    await sessions(request.tenant, response);
  });

const sessions = async (tenant: RequestTenant, response: ServerResponse): Promise<void> => {
  const { rows } = await tenant.query(SESSIONS);
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(rows));
};

const express5 = (routing: Routing): RequestListener =>
  express()
    .use(routing.middleware)
    .get('/sessions', async (request, response) => {
      const { rows } = await request.tenant.query(SESSIONS);
      response.json(rows);
    })
    .use(routing.errorHandler);
