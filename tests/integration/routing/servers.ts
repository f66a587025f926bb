// The same application on everything the routing promises to work with: plain node:http, Express 5, and node:http2.

import http, { type Server } from 'node:http';
import http2, { type Http2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import express from 'express';
import { currentTenant, type RequestTenant, type TenantRouting } from '../../../src/routing/index.ts';

/** What every server answers: who the request says the tenant is, who the context says, and what the database holds. */
export const described = async (tenant: RequestTenant) => {
  const { rows } = await tenant.query<{ readonly title: string }>('SELECT title FROM sessions ORDER BY id');
  return {
    subdomain: tenant.subdomain,
    organizationId: tenant.organizationId,
    current: currentTenant().subdomain,
    sessions: rows.map(({ title }) => title),
  };
};

export const plainServer = (routing: TenantRouting): Server =>
  http.createServer(
    routing.handle(async (request, response) => {
      const body = await described(request.tenant);
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    }),
  );

export const expressServer = (routing: TenantRouting): Server => {
  const app = express();
  app.use(routing.middleware);
  app.use(async (request, response) => {
    response.json(await described(request.tenant));
  });
  app.use(routing.errorHandler);
  return http.createServer(app);
};

export const http2Server = (routing: TenantRouting): Http2Server =>
  http2.createServer(
    routing.handle<Http2ServerRequest, Http2ServerResponse>(async (request, response) => {
      const body = await described(request.tenant);
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(body));
    }),
  );
