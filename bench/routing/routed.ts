// The same handler as `fixed.ts` has, through routing, with nothing set up but its limits.

import type { RequestListener, ServerResponse } from 'node:http';
import express from 'express';
import type { RequestTenant } from '../../src/routing/express.ts';
import { createTenantRouting, TenantUnavailable, type CredentialsProvider } from '../../src/routing/index.ts';
import { findAll } from './find-all.ts';
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
    hooks: { onAnswer: ({ error }) => count(errors, error), onError: ({ error }) => count(errors, error) },
  });
  await routing.ready();
  await findAll(routing.directory, request.known);
  return { listener: request.frame === 'node:http' ? plain(routing) : express5(routing), errors };
};

const credentialsOf = ({ tenants }: ServeRequest): CredentialsProvider => {
  const logins = new Map(tenants.map((login) => [login.organizationId, login]));
  return {
    get: async ({ organizationId }) => {
      const login = logins.get(organizationId);
      if (login === undefined) throw new TenantUnavailable(`organization ${organizationId} has no credentials`);
      return await Promise.resolve(login);
    },
  };
};

/** Each error by the code of its deepest cause that has one: what PostgreSQL said, where it said something. */
const count = (errors: Map<string, number>, error: unknown): void => {
  if (error === undefined) return;
  let code = 'unknown';
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) code = (cause as NodeJS.ErrnoException).code ?? code;
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
