// What an application sees of the middleware: its tenant in every corner of a request, errors answered, hooks told, changes noticed.

import { once } from 'node:events';
import http from 'node:http';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import express, { type Express } from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  currentTenant,
  NoCurrentTenant,
  Overloaded,
  tenantLogFields,
  tenantMiddleware,
  TenantNotServed,
  UnknownHost,
  type AnswerEvent,
  type ErrorEvent,
  type RequestEvent,
  type ResponseEvent,
  type TenantRouting,
} from '../../../src/routing/index.ts';
import { freePort } from '../../../dev/free-port.ts';
import { eventually } from '../../support/eventually.ts';
import { ask, askJson } from './ask.ts';
import { BASE_DOMAIN, listen, startWorld, type World } from './routing-world.ts';

const ONE = `one.${BASE_DOMAIN}`;
const hostOf = (subdomain: string): string => `${subdomain}.${BASE_DOMAIN}`;

let world: World;
let routing: TenantRouting;
beforeAll(async () => {
  world = await startWorld();
  routing = world.routing();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** An Express application with routes between the middleware and its error handler. */
const expressWith = (routes: (app: Express) => void, own = routing): http.Server => {
  const app = express();
  app.use(own.middleware);
  routes(app);
  app.use(own.errorHandler);
  return http.createServer(app);
};

describe('the current tenant', () => {
  test('is the one of the request, wherever concurrent requests are interrupted', async () => {
    const seen = async (subdomain: string): Promise<readonly string[]> => {
      const at: string[] = [currentTenant().subdomain];
      await nextTurn();
      at.push(currentTenant().subdomain);
      await pause(subdomain === 'one' ? 3 : 1);
      at.push(currentTenant().subdomain);
      const { rows } = await currentTenant().query<{ readonly title: string }>('SELECT title FROM sessions');
      at.push(currentTenant().subdomain, rows[0]?.title.split("'")[0] ?? '');
      await new Promise<void>((resolve) => queueMicrotask(() => resolve(void at.push(currentTenant().subdomain))));
      await currentTenant().transaction(async (client) => {
        await client.query('SELECT pg_sleep(0.002)');
        at.push(currentTenant().subdomain);
      });
      return [...at, currentTenant().subdomain];
    };
    // All at once on four connections: none is to be turned away.
    const patient = world.routing({ pools: { maxWaitingPerTenant: 300, acquireTimeoutMs: 60_000 } });
    const server = expressWith((app) => {
      app.use(express.json());
      app.post('/', async (request, response) => {
        response.json({ asked: (request.body as { readonly asked: string }).asked, seen: await seen(request.tenant.subdomain) });
      });
    }, patient);
    await using listening = await listen(server);
    const subdomains = Array.from({ length: 300 }, (_, n) => (n % 3 === 0 ? 'one' : 'two'));
    const replies = await Promise.all(subdomains.map((asked) => postJson(listening.port, hostOf(asked), { asked })));
    for (const [index, asked] of subdomains.entries()) {
      expect(replies[index]).toEqual({ asked, seen: Array.from({ length: 8 }, () => asked) });
    }
  });

  test('is there in what plain handlers start', async () => {
    const server = http.createServer(
      routing.handle(async (_request, response) => {
        await pause(1);
        response.end(JSON.stringify({ current: currentTenant().subdomain, fields: tenantLogFields() }));
      }),
    );
    await using listening = await listen(server);
    const { body } = await askJson(listening.port, ONE);
    expect(body).toEqual({ current: 'one', fields: { organizationId: world.one.organizationId, subdomain: 'one' } });
  });

  test('outside a request is an error, not somebody', async () => {
    expect(() => currentTenant()).toThrow(NoCurrentTenant);
    expect(tenantLogFields()).toEqual({});
    await using listening = await listen(
      expressWith((app) => app.get('/', (_request, response) => setTimeout(() => response.json(tenantLogFields()), 1))),
    );
    expect((await askJson(listening.port, ONE)).body).toMatchObject({ subdomain: 'one' });
    expect(() => currentTenant()).toThrow(NoCurrentTenant);
  });

  test('is set for jobs, by host or by number', async () => {
    const { organizationId } = world.two;
    for (const target of [hostOf('two'), { organizationId }]) {
      const found = await routing.run(target, async (tenant) => {
        await nextTurn();
        return [tenant.organizationId, currentTenant() === tenant, (await currentTenant().query('SELECT 1')).rowCount];
      });
      expect(found).toEqual([organizationId, true, 1]);
    }
    await expect(routing.run(hostOf('nobody'), () => 1)).rejects.toMatchObject({ name: 'UnknownHost', state: 'unknown', httpStatus: 404 });
    await expect(routing.run('a b', () => 1)).rejects.toBeInstanceOf(UnknownHost);
    await expect(routing.run(hostOf('paused'), () => 1)).rejects.toMatchObject({ name: 'TenantNotServed', state: 'suspended' });
    await expect(routing.run(hostOf('behind'), () => 1)).rejects.toMatchObject({ name: 'TenantUnavailable' });
    await expect(routing.run({ organizationId: 2_000_000_000 }, () => 1)).rejects.toBeInstanceOf(TenantNotServed);
  });

  test('shows no password when it is written out', async () => {
    const tenant = await routing.tenant(ONE);
    const { inspect } = await import('node:util');
    await tenant.query('SELECT 1');
    const written = `${JSON.stringify(tenant)}${inspect(tenant, { depth: 10, showHidden: true })}`;
    expect(written).toContain(world.one.databaseName);
    expect(written).not.toContain(world.one.password);
  });
});

describe('errors', () => {
  test('of routing are answered by the error handler, also under what wraps them', async () => {
    await using listening = await listen(
      expressWith((app) => {
        app.get('/overloaded', () => {
          throw new Overloaded('three hundred wait for studio_1_db', { retryAfterSeconds: 7 });
        });
        app.get('/wrapped', () => Promise.reject(new Error('query failed', { cause: new TenantNotServed('x', 'suspended', 403) })));
        app.get('/outside', (_request, response, next) => {
          response.setHeader('Content-Encoding', 'gzip').setHeader('Vary', 'Origin').setHeader('ETag', '"1"');
          next(new NoCurrentTenant('x'));
        });
      }),
    );
    const overloaded = await ask(listening.port, ONE, { path: '/overloaded' });
    expect(overloaded).toMatchObject({ status: 503, headers: { 'retry-after': '7' } });
    expect(overloaded.body).not.toContain('studio_1_db');
    expect((await ask(listening.port, ONE, { path: '/wrapped' })).status).toBe(403);
    const outside = await ask(listening.port, ONE, { path: '/outside' });
    expect(outside).toMatchObject({ status: 500, headers: { vary: 'Origin, Accept' } });
    expect(outside.headers).not.toHaveProperty('content-encoding');
    expect(outside.headers).not.toHaveProperty('etag');
  });

  test('of the application are left to it', async () => {
    await using listening = await listen(
      expressWith((app) => {
        app.get('/', () => {
          throw Object.assign(new Error('tea'), { status: 418 });
        });
      }),
    );
    expect((await ask(listening.port, ONE)).status).toBe(418);
  });

  test('of plain handlers are answered with 500 and told to onError', async () => {
    const told: ErrorEvent[] = [];
    const own = world.routing({ hooks: { onError: (event) => told.push(event) } });
    for (const handler of [
      () => Promise.reject(new Error('late')),
      () => {
        throw new Error('early');
      },
    ]) {
      await using listening = await listen(http.createServer(own.handle(handler)));
      expect((await askJson(listening.port, ONE)).body).toMatchObject({ code: 'internal_error' });
    }
    const { organizationId } = world.one;
    expect(told).toMatchObject([
      { error: new Error('late'), organizationId, from: 'handler' },
      { error: new Error('early'), organizationId, from: 'handler' },
    ]);
  });

  test('after the answer has begun cut it off', async () => {
    const begin = (response: http.ServerResponse): never => {
      response.writeHead(200).write('the first part'); // in chunks: only the connection can say that it was not all
      throw new Overloaded('x');
    };
    const plain = http.createServer(routing.handle((_request, response) => begin(response)));
    const inExpress = expressWith((app) => app.get('/', (_request, response) => begin(response)));
    for (const server of [plain, inExpress]) {
      await using listening = await listen(server);
      await expect(ask(listening.port, ONE)).rejects.toMatchObject({ code: 'ECONNRESET' });
    }
  });

  test('while looking up are answered 503, also when the master database was never there', async () => {
    const port = await freePort();
    const answers: AnswerEvent[] = [];
    const own = world.routing({
      master: `postgresql://nobody@127.0.0.1:${port}/none`,
      hooks: { onAnswer: (event) => answers.push(event) },
    });
    // No error handler: the middleware has to answer by itself.
    await using listening = await listen(http.createServer(express().use(own.middleware)));
    for (const host of [ONE, hostOf('nobody')]) {
      const reply = await ask(listening.port, host);
      expect(reply).toMatchObject({ status: 503, headers: { 'retry-after': expect.stringMatching(/^\d+$/) } });
      expect(reply.body).not.toContain(String(port));
    }
    expect(answers).toMatchObject([
      { state: 'unavailable', error: { name: 'DirectoryUnavailable' } },
      { state: 'unavailable', error: { name: 'DirectoryUnavailable' } },
    ]);
  });
});

describe('a change', () => {
  test('between two requests of one connection is seen by the second', async () => {
    const tenant = await world.platform.addTenant('changing', { schemaVersion: 7 });
    await using listening = await listen(http.createServer(routing.handle((_request, response) => response.end())));
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const status = async (): Promise<number> => {
      const options = { host: '127.0.0.1', port: listening.port, agent, headers: { Host: hostOf('changing') }, setHost: false };
      const [response] = (await once(http.get(options), 'response')) as [http.IncomingMessage];
      response.resume();
      await once(response, 'end');
      return response.statusCode ?? 0;
    };
    await routing.ready();
    expect(await status()).toBe(200);
    await world.platform.setStatus(tenant, 'suspended');
    await eventually(async () => (await status()) === 403, { timeoutMs: 5_000 });
    await world.platform.setStatus(tenant, 'active');
    await eventually(async () => (await status()) === 200, { timeoutMs: 5_000 });
    agent.destroy();
  });

  test('in the middle of a request ends it with the state that the tenant is in', async () => {
    const tenant = await world.platform.addTenant('interrupted', { schemaVersion: 7 });
    const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const server = expressWith((app) => {
      app.get('/', async (request, response) => {
        await request.tenant.query('SELECT 1');
        begun.resolve();
        await goOn.promise;
        response.json((await request.tenant.query('SELECT 2 AS n')).rows);
      });
    });
    await using listening = await listen(server);
    const reply = ask(listening.port, hostOf('interrupted'));
    await Promise.race([begun.promise, reply]);
    await world.platform.setStatus(tenant, 'suspended');
    goOn.resolve();
    expect(await reply).toMatchObject({ status: 403, body: expect.stringContaining('"suspended"') });
  });
});

describe('templates', () => {
  test('speak for the state they are given for, in the format that is asked for', async () => {
    const own = world.routing({
      templates: {
        suspended: ({ tenant, title, status }) => `<p>${tenant?.subdomain}: ${title} (${status})</p>`,
        unknown: ({ host, retryAfterSeconds }) => ({ json: { host, retryAfterSeconds } }),
        provisioning: ({ retryAfterSeconds, format }) => ({ html: `in ${retryAfterSeconds} s`, json: { format } }),
      },
    });
    await using listening = await listen(http.createServer(own.handle((_request, response) => response.end())));
    const html = { headers: { Accept: 'text/html' } };
    const at = async (name: string, question = {}): Promise<string> => (await ask(listening.port, hostOf(name), question)).body;
    expect(await at('paused', html)).toBe('<p>paused: This studio is paused (403)</p>');
    expect(JSON.parse(await at('paused'))).toMatchObject({ code: 'suspended' });
    expect(JSON.parse(await at('nobody'))).toEqual({ host: hostOf('nobody') });
    expect(await at('nobody', html)).toContain('<h1>There is no studio at this address</h1>');
    expect(await at('early', html)).toBe('in 5 s');
    expect(JSON.parse(await at('early'))).toEqual({ format: 'json' });
    const reply = await ask(listening.port, hostOf('early'), { ...html, method: 'HEAD' });
    expect(reply).toMatchObject({ status: 503, body: '', headers: { 'content-length': '6', 'retry-after': '5', vary: 'Accept' } });
  });

  test('that throw give way to the built-in answer, and are told', async () => {
    const told: ErrorEvent[] = [];
    const error = new Error('bad template');
    const throwing = (): never => {
      throw error;
    };
    const own = world.routing({ templates: { suspended: throwing }, hooks: { onError: (event) => told.push(event) } });
    await using listening = await listen(http.createServer(own.handle((_request, response) => response.end())));
    expect((await askJson(listening.port, hostOf('paused'))).body).toMatchObject({ status: 403, code: 'suspended' });
    expect(told).toEqual([{ error, organizationId: expect.any(Number), from: 'template' }]);
  });
});

test('hooks are told of requests, responses and answers, with the tenant of each', async () => {
  const requests: RequestEvent[] = [];
  const responses: ResponseEvent[] = [];
  const answers: AnswerEvent[] = [];
  const own = world.routing({
    hooks: {
      onRequest: (event) => void requests.push(event),
      onResponse: (event) => void responses.push(event),
      onAnswer: (event) => void answers.push(event),
    },
  });
  await using listening = await listen(http.createServer(own.handle((_request, response) => response.writeHead(201).end())));
  await own.ready();
  for (const host of [ONE, ONE, hostOf('paused'), hostOf('nobody'), 'a b']) await ask(listening.port, host);
  const { organizationId } = world.one;
  const ofOne = { organizationId, subdomain: 'one' };
  expect(requests).toMatchObject([{ ...ofOne }, { ...ofOne, lookupMs: 0 }]);
  expect(requests[0]?.lookupMs).toBeGreaterThan(0);
  await eventually(() => responses.length === 2);
  expect(responses).toMatchObject([
    { ...ofOne, status: 201, durationMs: expect.any(Number) },
    { ...ofOne, status: 201, durationMs: expect.any(Number) },
  ]);
  expect(answers).toMatchObject([
    { state: 'suspended', status: 403, host: hostOf('paused'), organizationId: expect.any(Number), error: undefined },
    { state: 'unknown', status: 404, host: hostOf('nobody'), organizationId: undefined },
    { state: 'malformed', status: 400, host: 'a b', organizationId: undefined },
  ]);
});

test("the platform's own host is let through without a tenant where that is wanted", async () => {
  const own = world.routing({ onPlatformHost: 'next' });
  await using listening = await listen(
    expressWith((app) => app.get('/', (request, response) => response.json({ has: 'tenant' in request, fields: tenantLogFields() })), own),
  );
  expect((await askJson(listening.port, BASE_DOMAIN)).body).toEqual({ has: false, fields: {} });
  expect((await askJson(listening.port, ONE)).body).toMatchObject({ has: true, fields: { subdomain: 'one' } });
  expect((await ask(listening.port, hostOf('nobody'))).status).toBe(404);
});

test('the middleware alone works over a directory and pools that are shared', async () => {
  const { directory, pools } = routing;
  const lenient = tenantMiddleware({ directory, pools });
  const app = express();
  app.use('/lenient', lenient, (request, response) => response.json(request.tenant.schema?.version));
  app.use(routing.middleware, (_request, response) => response.json('current'));
  await using listening = await listen(http.createServer(app));
  expect(await askJson(listening.port, hostOf('behind'), { path: '/lenient' })).toEqual({ status: 200, body: 6 });
  expect((await ask(listening.port, hostOf('behind'))).status).toBe(503);
  expect(await askJson(listening.port, ONE)).toEqual({ status: 200, body: 'current' });
});

test('a proxy that is no address is refused when routing is made', () => {
  expect(() => world.routing({ trustedProxies: ['proxy.internal'] })).toThrow(TypeError);
});

const postJson = async (port: number, host: string, body: unknown): Promise<unknown> => {
  const request = http.request({
    host: '127.0.0.1',
    port,
    method: 'POST',
    headers: { Host: host, 'Content-Type': 'application/json' },
    setHost: false,
    agent: false,
  });
  request.end(JSON.stringify(body));
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const chunks = (await response.toArray()) as Buffer[];
  return JSON.parse(Buffer.concat(chunks).toString());
};
