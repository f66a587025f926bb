/** What must hold however many ask at once: no session overbooked, no credit spent twice or missing, no tenant's data in another's. */
import { Agent } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { SqlPlatform, SqlTenant } from '../../../dev/sql-tenants.ts';
import { ask, type Reply, startStudios, startTestApplication, type TestApplication } from '../../support/application.ts';
import { eventually } from '../../support/eventually.ts';

let platform: SqlPlatform;
/** Two replicas. */
let replicas: readonly [TestApplication, TestApplication];
let alpha: SqlTenant;

beforeAll(async () => {
  platform = await startStudios();
  [alpha] = (await platform.addTenants(['alpha', 'beta'], { credits: 100 })) as [SqlTenant, SqlTenant];
  replicas = await Promise.all([startTestApplication(platform), startTestApplication(platform)]);
});

afterAll(async () => {
  await Promise.all(replicas.map(async (replica) => await replica.stop()));
  await platform[Symbol.asyncDispose]();
});

/** The n-th request goes to one replica or the other. */
function portOf(n: number): number {
  return replicas[n % 2 === 0 ? 0 : 1].port;
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => n);
}

async function post(subdomain: string, path: string, { n = 0, json = {}, headers = {} }): Promise<Reply> {
  return await ask(portOf(n), subdomain, { method: 'POST', path, json, headers });
}

const SESSION = { title: 'Small group', startsAt: '2029-01-31T18:00:00Z', capacity: 7 };

function countByStatus(replies: readonly Reply[]): Readonly<Record<number, number>> {
  return Object.fromEntries([...Map.groupBy(replies, ({ status }) => status)].map(([status, of]) => [status, of.length]));
}

describe('fifty who book seven places at once, by two replicas', () => {
  it('get seven', async () => {
    const sessionId: number = (await post('alpha', '/sessions', { json: SESSION })).json.id;
    const clients = await Promise.all(
      numbers(50).map(
        async (n) => (await post('alpha', '/clients', { n, json: { fullName: `Client ${n}`, email: `c${n}@example.org` } })).json.id,
      ),
    );

    const replies = await Promise.all(
      clients.map(async (clientId, n) => await post('alpha', '/bookings', { n, json: { sessionId, clientId } })),
    );

    expect(countByStatus(replies)).toEqual({ 201: 7, 409: 43 });
    const [row] = await platform.superuser(
      'SELECT count(*)::integer AS taken FROM bookings WHERE session_id = $1',
      [sessionId],
      alpha.databaseName,
    );
    expect(row).toEqual({ taken: 7 });
  });
});

describe('a hundred descriptions at once, by two replicas', () => {
  it('take what is there and never more, and each key once', async () => {
    const id: number = (await post('alpha', '/sessions', { json: SESSION })).json.id;
    const keys = numbers(100).map((n) => `key-${n % 50}`);

    const replies = await Promise.all(
      keys.map(async (key, n) => await post('alpha', `/sessions/${id}/description`, { n, headers: { 'idempotency-key': key } })),
    );

    // 100 credits pay for 20 keys; both requests of a paid key are answered well.
    expect(countByStatus(replies)).toEqual({ 200: 40, 402: 60 });
    const [account] = await platform.master('SELECT balance::integer FROM ai_credits_accounts WHERE organization_id = $1', [
      alpha.organizationId,
    ]);
    const [spends] = await platform.master('SELECT count(*)::integer AS spends, sum(amount)::integer AS amount FROM ai_credits_spends');
    expect([account, spends]).toEqual([{ balance: 0 }, { spends: 20, amount: 100 }]);
  });
});

describe('two tenants', () => {
  it('asked by turns on the same connections, as a proxy does, see their own sessions and no others', async () => {
    for (const subdomain of ['alpha', 'beta']) await post(subdomain, '/sessions', { json: { ...SESSION, title: `of ${subdomain}` } });

    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const replies = await Promise.all(
      numbers(200).map(async (n) => {
        const subdomain = n % 3 === 0 ? 'beta' : 'alpha';
        return { subdomain, reply: await ask(portOf(n), subdomain, { path: '/sessions', agent }) };
      }),
    );
    agent.destroy();

    for (const { subdomain, reply } of replies) {
      const titles = reply.json.sessions.map(({ title }: { title: string }) => title);
      expect(titles).toContain(`of ${subdomain}`);
      expect(titles).not.toContain(subdomain === 'alpha' ? 'of beta' : 'of alpha');
    }
  });

  it("cannot use each other's numbers", async () => {
    const id: number = (await post('alpha', '/sessions', { json: { ...SESSION, title: 'only in alpha' } })).json.id;
    expect(await ask(portOf(0), 'beta', { path: `/sessions/${id}` })).toMatchObject({ status: 404 });
    const spent = await post('beta', `/sessions/${id}/description`, { headers: { 'idempotency-key': 'k' } });
    expect(spent.status).toBe(404);
  });
});

describe('without the master database', () => {
  it('known studios go on, their page says what it cannot show, and credits are refused and not lost', async () => {
    const id: number = (await post('beta', '/sessions', { json: SESSION })).json.id;
    // The same server holds the tenants: only its master database is closed.
    await platform.superuser('ALTER DATABASE studio_platform_master ALLOW_CONNECTIONS false');
    await platform.superuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'studio_platform_master'");
    try {
      expect(await ask(portOf(0), 'beta', { path: '/sessions' })).toMatchObject({ status: 200 });
      const page = await ask(portOf(0), 'beta');
      expect([page.status, page.text.includes('Plan and credits cannot be shown at the moment.')]).toEqual([200, true]);
      const refused = await post('beta', `/sessions/${id}/description`, { headers: { 'idempotency-key': 'away' } });
      expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '5' }, json: { code: 'credits_unavailable' } });
    } finally {
      await platform.superuser('ALTER DATABASE studio_platform_master ALLOW_CONNECTIONS true');
    }
    await eventually(
      async () => (await post('beta', `/sessions/${id}/description`, { headers: { 'idempotency-key': 'away' } })).status === 200,
    );
  });
});
