// What routing is compared with: the same handler on pools that never change. Separate from the other side, so that neither can borrow
// from it.

import type { RequestListener, ServerResponse } from 'node:http';
import express from 'express';
import pg from 'pg';
import { SESSIONS, type ServeRequest, type TenantLogin } from './variants.ts';

/** As long as routing keeps an idle connection: both sides come warm out of the others' turns. */
const IDLE_MS = 30_000;

type PoolOf = (host: string | undefined) => pg.Pool;

export const fixedPools = (request: ServeRequest): RequestListener => {
  const poolOf = request.source === 'one pool' ? onePool(request) : poolPerTenant(request);
  return request.frame === 'node:http' ? plain(poolOf) : express5(poolOf);
};

const onePool = ({ postgres, tenants, connections }: ServeRequest): PoolOf => {
  const [tenant] = tenants;
  if (tenant === undefined) throw new Error('a pool needs a tenant');
  const pool = newPool(postgres, tenant, connections);
  return () => pool;
};

const poolPerTenant = ({ postgres, tenants, connectionsPerTenant }: ServeRequest): PoolOf => {
  const pools = new Map(tenants.map((tenant) => [tenant.host, newPool(postgres, tenant, connectionsPerTenant)]));
  return (host = '') => {
    const pool = pools.get(host);
    if (pool === undefined) throw new Error('no pool for this host');
    return pool;
  };
};

const newPool = ({ host, port }: ServeRequest['postgres'], { database, username, password }: TenantLogin, max: number): pg.Pool => {
  const pool = new pg.Pool({ host, port, database, user: username, password, max, idleTimeoutMillis: IDLE_MS });
  pool.on('error', () => undefined); // an idle connection that ends is replaced
  return pool;
};

const plain =
  (poolOf: PoolOf): RequestListener =>
  (request, response) => {
    void sessions(poolOf(request.headers.host), response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  };

const sessions = async (pool: pg.Pool, response: ServerResponse): Promise<void> => {
  const { rows } = await pool.query(SESSIONS);
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(rows));
};

const express5 = (poolOf: PoolOf): RequestListener =>
  express().get('/sessions', async (request, response) => {
    const { rows } = await poolOf(request.headers.host).query(SESSIONS);
    response.json(rows);
  });
