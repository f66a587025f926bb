// Every state that a tenant can be in, and everything else a host can turn out to be: status, headers and words of the answer.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { ask, askJson } from './ask.ts';
import { BASE_DOMAIN, listen, startWorld, type World } from './routing-world.ts';
import { expressServer, plainServer } from './servers.ts';

const BROWSER = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

/** Host (under the base domain unless it has a dot), status, code in the JSON, Retry-After, heading of the page. */
const STATES = [
  ['early', 503, 'provisioning', '5', 'This studio is being set up'],
  ['paused', 403, 'suspended', undefined, 'This studio is paused'],
  ['paused.test', 403, 'suspended', undefined, 'This studio is paused'],
  ['kept', 410, 'gone', undefined, 'This studio has closed'],
  ['broken', 503, 'unavailable', '60', 'This studio is not available'],
  ['behind', 503, 'updating', '10', 'This studio is being updated'],
  ['unmigrated', 503, 'updating', '10', 'This studio is being updated'],
  ['nobody', 404, 'unknown_host', undefined, 'There is no studio at this address'],
  ['nobody.test', 404, 'unknown_host', undefined, 'There is no studio at this address'],
  [`deep.one.${BASE_DOMAIN}`, 404, 'unknown_host', undefined, 'There is no studio at this address'],
  [BASE_DOMAIN, 404, 'unknown_host', undefined, 'There is no studio at this address'],
  ['192.0.2.1', 404, 'unknown_host', undefined, 'There is no studio at this address'],
  ['a_b.test', 400, 'malformed_host', undefined, 'This address cannot be read'],
] as const;

const hostOf = (name: string): string => (name.includes('.') ? name : `${name}.${BASE_DOMAIN}`);

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

describe.each([
  ['plain node:http', plainServer],
  ['Express', expressServer],
])('%s', (_, serverOf) => {
  let server: Awaited<ReturnType<typeof listen>>;
  beforeAll(async () => {
    server = await listen(serverOf(world.routing()));
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test.each(['one', 'two'])('serves %s from its own database', async (subdomain) => {
    const { status, body } = await askJson(server.port, hostOf(subdomain));
    expect(status).toBe(200);
    expect(body).toMatchObject({ subdomain, current: subdomain, sessions: [`${subdomain}'s session`] });
  });

  test.each(STATES)('answers %s with %i as JSON', async (name, status, code, retryAfter) => {
    const reply = await ask(server.port, hostOf(name));
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.body)).toEqual({ status, code, title: expect.any(String), detail: expect.any(String) });
    expect(reply.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'content-length': String(Buffer.byteLength(reply.body)),
      'cache-control': 'no-store',
      vary: 'Accept',
      'x-content-type-options': 'nosniff',
    });
    expect(reply.headers['retry-after']).toBe(retryAfter);
  });

  test.each(STATES)('answers %s with %i as a page', async (...state) => {
    const [name, status, , retryAfter, heading] = state;
    const reply = await ask(server.port, hostOf(name), { headers: BROWSER });
    expect(reply.status).toBe(status);
    expect(reply.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', vary: 'Accept', 'cache-control': 'no-store' });
    expect(reply.headers['content-security-policy']).toContain("default-src 'none'");
    expect(reply.headers['retry-after']).toBe(retryAfter);
    expect(reply.body).toContain(`<h1>${heading}</h1>`);
  });

  test.each(STATES)('answers HEAD for %s with %i and no body', async (name, status, _code, retryAfter) => {
    const [head, get] = await Promise.all(
      ['HEAD', 'GET'].map((method) => ask(server.port, hostOf(name), { method, headers: { ...BROWSER, Connection: 'close' } })),
    );
    expect(head).toMatchObject({ status, body: '' });
    expect(head?.headers['content-length']).toBe(get?.headers['content-length']);
    expect(head?.headers['retry-after']).toBe(retryAfter);
  });

  test('tells strangers nothing of a tenant that is not served', async () => {
    for (const name of ['early', 'paused', 'kept', 'broken', 'behind']) {
      for (const headers of [{}, BROWSER]) {
        const { body, headers: sent } = await ask(server.port, hostOf(name), { headers });
        expect(`${body}${JSON.stringify(sent)}`).not.toMatch(new RegExp(`Studio ${name}|studio_\\d+_db|${BASE_DOMAIN}|studio-\\d`));
      }
    }
  });

  test('answers 410 once a tenant that it served is deleted, and 200 once its name is taken again', async () => {
    const subdomain = serverOf === plainServer ? 'leaving' : 'leaving-too';
    const tenant = await world.platform.addTenant(subdomain, { schemaVersion: 7, database: false, status: 'suspended' });
    expect((await ask(server.port, hostOf(subdomain))).status).toBe(403);
    await world.platform.setStatus(tenant, 'deleted');
    await eventually(async () => (await ask(server.port, hostOf(subdomain))).status === 410);
    await world.platform.addTenant(subdomain, { schemaVersion: 7 });
    await eventually(async () => (await ask(server.port, hostOf(subdomain))).status === 200);
  });
});

describe('a tenant whose database cannot be used', () => {
  test('gets 503 with Retry-After where it is unreachable', async () => {
    await using server = await listen(plainServer(world.routing({ pools: { acquireTimeoutMs: 300 } })));
    await world.platform.addTenant('secretless', { schemaVersion: 7, database: false });
    // Rows alone: the login that its credentials name does not exist.
    const reply = await ask(server.port, hostOf('secretless'));
    expect(reply.status).toBe(503);
    expect(JSON.parse(reply.body)).toMatchObject({ code: 'unavailable' });
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    expect(reply.body).not.toMatch(/studio_\d+_db/);
  });

  test('gets 503 with Retry-After where too many wait for it', async () => {
    const routing = world.routing({ pools: { maxConnectionsPerTenant: 1, maxWaitingPerTenant: 1 } });
    await using server = await listen(plainServer(routing));
    await using locked = await lockSessions(world.two.databaseName);
    const first = ask(server.port, hostOf('two'));
    await locked.untilSomebodyWaits();
    const second = ask(server.port, hostOf('two'));
    await eventually(() => routing.pools.stats().waiting === 1);
    const reply = await ask(server.port, hostOf('two'));
    expect(reply.status).toBe(503);
    expect(JSON.parse(reply.body)).toMatchObject({ code: 'overloaded' });
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    await locked.release();
    expect((await Promise.all([first, second])).map(({ status }) => status)).toEqual([200, 200]);
  });
});

/** Holds a tenant's sessions in a lock, so that its requests wait. */
const lockSessions = async (database: string) => {
  const url = new URL(world.platform.server.superuserUrl);
  url.pathname = `/${database}`;
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  await client.query('BEGIN');
  await client.query('LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE');
  let isHeld = true;
  const release = async (): Promise<void> => {
    if (!isHeld) return;
    isHeld = false;
    await client.end();
  };
  return {
    untilSomebodyWaits: () => eventually(async () => (await client.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount !== 0),
    release,
    [Symbol.asyncDispose]: release,
  };
};
