/** Every route of the application on real databases: what it answers, what it refuses and in which words. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { SqlPlatform, SqlTenant } from '../../../dev/sql-tenants.ts';
import {
  ask as askAt,
  BASE_DOMAIN,
  type Question,
  type Reply,
  startStudios,
  startTestApplication,
  type TestApplication,
} from '../../support/application.ts';
import { eventually } from '../../support/eventually.ts';

let platform: SqlPlatform;
let application: TestApplication;
let alpha: SqlTenant;

const ask = async (subdomain: string, question?: Question): Promise<Reply> => await askAt(application.port, subdomain, question);
const post = async (path: string, json: unknown, headers = {}): Promise<Reply> =>
  await ask('alpha', { method: 'POST', path, json, headers });

const YOGA = { title: 'Morning yoga', startsAt: '2029-01-31T18:00:00+01:00', durationMinutes: 90, capacity: 12, priceCents: 1_850 };

beforeAll(async () => {
  platform = await startStudios();
  [alpha] = (await platform.addTenants(['alpha', 'beta'], { plan: 'pro', credits: 20 })) as [SqlTenant, SqlTenant];
  application = await startTestApplication(platform);
});

afterAll(async () => {
  await application.stop();
  await platform[Symbol.asyncDispose]();
});

const newSession = async (change = {}): Promise<number> => (await post('/sessions', { ...YOGA, ...change })).json.id;
const newClient = async (email: string): Promise<number> => (await post('/clients', { fullName: 'Ana Lund', email })).json.id;

describe('/sessions', () => {
  it('adds a session, says where it is, and gives it back', async () => {
    const added = await post('/sessions', YOGA);
    const session = {
      id: expect.any(Number),
      title: 'Morning yoga',
      description: '',
      startsAt: '2029-01-31T17:00:00.000Z',
      endsAt: '2029-01-31T18:30:00.000Z',
      capacity: 12,
      freePlaces: 12,
      priceCents: 1_850,
      currency: 'EUR',
      status: 'scheduled',
    };

    expect(added).toMatchObject({ status: 201, json: session, headers: { location: `/sessions/${added.json.id}` } });
    expect(await ask('alpha', { path: `/sessions/${added.json.id}` })).toMatchObject({ status: 200, json: session });
  });

  it('lists by time, page by page, with filters', async () => {
    const [late, early, tie] = [
      await newSession({ title: 'late', startsAt: '2035-01-02T00:00:00Z' }),
      await newSession({ title: 'early', startsAt: '2035-01-01T00:00:00Z' }),
      await newSession({ title: 'tie', startsAt: '2035-01-01T00:00:00Z' }),
    ];
    const list = async (more: string): Promise<Reply> => await ask('alpha', { path: `/sessions?from=2035-01-01T00:00:00Z${more}` });
    const idsOf = ({ json }: Reply): readonly number[] => json.sessions.map(({ id }: { id: number }) => id);

    expect(idsOf(await list(''))).toEqual([early, tie, late]);
    const first = await list('&limit=1');
    expect([idsOf(first), first.json.next]).toEqual([[early], early]);
    const second = await list(`&limit=2&after=${first.json.next}`);
    expect([idsOf(second), second.json.next]).toEqual([[tie, late], null]);
    expect(idsOf(await list('&status=done'))).toEqual([]);
  });

  it('says of every field what is wrong with it', async () => {
    const refused = await post('/sessions', { title: '', startsAt: 'soon', capacity: '12' });
    expect(refused).toMatchObject({
      status: 422,
      headers: { 'content-type': expect.stringContaining('application/problem+json') },
      json: {
        status: 422,
        code: 'invalid',
        title: 'The request has fields that cannot be taken.',
        errors: [
          { field: 'title', message: 'must be one line of 1 to 200 characters' },
          { field: 'startsAt', message: expect.stringContaining('must be a date and time with its offset') },
          { field: 'capacity', message: 'must be a whole number from 1 to 10000' },
        ],
        requestId: expect.any(String),
      },
    });
  });

  it.each(['/sessions?limit=0', '/sessions?limit=x', '/sessions?after=-1', '/sessions?colour=red', '/sessions?limit=1&limit=2'])(
    'refuses the parameters of %s',
    async (path) => {
      expect(await ask('alpha', { path })).toMatchObject({ status: 400, json: { code: 'invalid_query' } });
    },
  );

  it.each(['/sessions/999999', '/sessions/0', '/sessions/x', '/sessions/9007199254740993', '/nowhere', '/sessions/1/nowhere'])(
    'has nothing at %s',
    async (path) => {
      expect(await ask('alpha', { path })).toMatchObject({ status: 404, json: { code: 'not_found' } });
    },
  );
});

describe('/clients', () => {
  it('adds a client once per address, whatever its case', async () => {
    const added = await post('/clients', { fullName: ' Ana Lund ', email: 'Ana@example.org', phone: '+49 30 1' });
    expect(added).toMatchObject({ status: 201, json: { fullName: 'Ana Lund', email: 'Ana@example.org', phone: '+49 30 1' } });
    expect(await post('/clients', { fullName: 'Another', email: 'ana@EXAMPLE.org' })).toMatchObject({
      status: 409,
      json: {
        code: 'conflict',
        title: 'email belongs to another client.',
        errors: [{ field: 'email', message: 'belongs to another client' }],
      },
    });
    const found = await ask('alpha', { path: '/clients?email=ANA@example.org' });
    expect(found.json).toMatchObject({ clients: [{ id: added.json.id }], next: null });
    expect(await ask('alpha', { path: `/clients/${added.json.id}` })).toMatchObject({ status: 200, json: { fullName: 'Ana Lund' } });
  });

  it('never shows what the studio has noted', async () => {
    const id = await newClient('notes@example.org');
    await platform.superuser("UPDATE clients SET notes = 'a secret'", [], alpha.databaseName);
    expect((await ask('alpha', { path: `/clients/${id}` })).text).not.toContain('secret');
  });
});

describe('/bookings', () => {
  it('takes a place, shows it, and gives it back', async () => {
    const [sessionId, clientId] = [await newSession({ capacity: 2 }), await newClient('booker@example.org')];
    const booked = await post('/bookings', { sessionId, clientId });
    expect(booked).toMatchObject({ status: 201, json: { sessionId, clientId, status: 'confirmed', cancelledAt: null } });
    expect((await ask('alpha', { path: `/sessions/${sessionId}` })).json.freePlaces).toBe(1);
    expect((await ask('alpha', { path: `/bookings?sessionId=${sessionId}` })).json.bookings).toHaveLength(1);

    const path = `/bookings/${booked.json.id}`;
    const cancelled = await ask('alpha', { method: 'DELETE', path });
    expect(cancelled).toMatchObject({ status: 200, json: { status: 'cancelled', cancelledAt: expect.any(String) } });
    expect((await ask('alpha', { method: 'DELETE', path })).json).toEqual(cancelled.json);
    expect((await ask('alpha', { path: `/sessions/${sessionId}` })).json.freePlaces).toBe(2);
    expect(await post('/bookings', { sessionId, clientId })).toMatchObject({ status: 201 });
  });

  it('says why a place cannot be had', async () => {
    const [one, two] = [await newClient('one@example.org'), await newClient('two@example.org')];
    const [small, over] = [await newSession({ capacity: 1 }), await newSession({ startsAt: '2020-01-01T00:00:00Z' })];
    const refusal = async (body: unknown): Promise<unknown> => {
      const { status, json } = await post('/bookings', body);
      return [status, json.title];
    };

    expect(await refusal({ sessionId: small, clientId: one })).toEqual([201, undefined]);
    expect(await refusal({ sessionId: small, clientId: two })).toEqual([409, 'This session has no free places.']);
    expect(await refusal({ sessionId: over, clientId: one })).toEqual([409, 'This session is over or cancelled, so it cannot be booked.']);
    expect(await refusal({ sessionId: 999_999, clientId: one })).toEqual([409, 'sessionId is no session of this studio.']);
    const large = await newSession({ capacity: 5 });
    expect(await refusal({ sessionId: large, clientId: 999_999 })).toEqual([409, 'clientId is no client of this studio.']);
    expect(await refusal({ sessionId: large, clientId: one })).toEqual([201, undefined]);
    expect(await refusal({ sessionId: large, clientId: one })).toEqual([409, 'clientId has a place in this session.']);
  });

  it('does not cancel what has been attended', async () => {
    const { json } = await post('/bookings', { sessionId: await newSession(), clientId: await newClient('there@example.org') });
    await platform.superuser(`UPDATE bookings SET status = 'attended' WHERE id = ${json.id}`, [], alpha.databaseName);
    expect(await ask('alpha', { method: 'DELETE', path: `/bookings/${json.id}` })).toMatchObject({
      status: 409,
      json: { code: 'attended' },
    });
  });
});

/** Nobody else spends or refills until `work` has ended. */
async function whileAccountIsHeld<Result>(organizationId: number, work: () => Promise<Result>): Promise<Result> {
  const holder = new pg.Client({ connectionString: platform.masterUrl });
  await holder.connect();
  try {
    await holder.query('BEGIN');
    await holder.query('SELECT FROM ai_credits_accounts WHERE organization_id = $1 FOR UPDATE', [organizationId]);
    return await work();
  } finally {
    await holder.end();
  }
}

describe('credits', () => {
  it('are shown with the plan', async () => {
    expect((await ask('beta', { path: '/credits' })).json).toEqual({
      plan: 'pro',
      billing: 'active',
      credits: { balance: 20, monthlyAllowance: 20, periodStart: expect.any(String) },
    });
  });

  it('buy a description, once per key, until there are not enough', async () => {
    const path = `/sessions/${await newSession()}/description`;
    const buy = async (key: string): Promise<Reply> => await post(path, {}, { 'idempotency-key': key });

    const first = await buy('a');
    expect(first).toMatchObject({ status: 200, json: { credits: { cost: 5, balance: 15 } } });
    expect(first.json.session.description).toMatch(/^Morning yoga takes one hour and 30 minutes on Wednesday 31 January 2029/);
    expect((await buy('a')).json.credits.balance).toBe(15);
    expect([(await buy('b')).status, (await buy('c')).status, (await buy('d')).json.credits.balance]).toEqual([200, 200, 0]);
    expect(await buy('e')).toMatchObject({
      status: 402,
      json: { code: 'not_enough_credits', title: 'This takes 5 AI credits, and 0 are left in this period.' },
    });
    expect((await buy('a')).status).toBe(200);
  });

  it('are not taken for a text that cannot be made', async () => {
    const { subdomain, ...studio } = await platform.addTenant('endless', { credits: 20 });
    const { json } = await ask(subdomain, { method: 'POST', path: '/sessions', json: YOGA });
    await platform.superuser("UPDATE sessions SET ends_at = 'infinity'", [], studio.databaseName);
    const path = `/sessions/${json.id}/description`;
    const refused = await ask(subdomain, { method: 'POST', path, json: {}, headers: { 'idempotency-key': 'a' } });
    expect(refused).toMatchObject({ status: 500, json: { code: 'internal' } });
    expect((await ask(subdomain, { path: '/credits' })).json.credits.balance).toBe(20);
  });

  it('buy nothing for a session that goes meanwhile, and say so', async () => {
    const { subdomain, organizationId, databaseName } = await platform.addTenant('fleeting', { credits: 20 });
    const { json } = await ask(subdomain, { method: 'POST', path: '/sessions', json: YOGA });
    const path = `/sessions/${json.id}/description`;
    const buying = await whileAccountIsHeld(organizationId, async () => {
      const bought = ask(subdomain, { method: 'POST', path, json: {}, headers: { 'idempotency-key': 'a' } });
      const waiting = "SELECT FROM pg_stat_activity WHERE datname = 'studio_platform_master' AND wait_event_type = 'Lock'";
      await eventually(async () => (await platform.superuser(waiting)).length > 0, { timeoutMs: 4_000 });
      await platform.superuser('DELETE FROM sessions', [], databaseName);
      return { bought };
    });
    expect(await buying.bought).toMatchObject({ status: 404, json: { code: 'not_found', title: 'There is no such session here.' } });
  });

  it('need a key, a session and an account', async () => {
    const path = `/sessions/${await newSession()}/description`;
    expect(await post(path, {})).toMatchObject({ status: 400, json: { code: 'idempotency_key' } });
    expect(await post(path, {}, { 'idempotency-key': 'x'.repeat(151) })).toMatchObject({ status: 400 });
    expect(await post('/sessions/999999/description', {}, { 'idempotency-key': 'z' })).toMatchObject({ status: 404 });
    expect(await ask('alpha', { path })).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });

  it('are refilled when a month has passed, and only then', async () => {
    const account = async (): Promise<{ balance: number; periodStart: string }> => (await ask('beta', { path: '/credits' })).json.credits;
    const before = await account();
    await platform.master("UPDATE ai_credits_accounts SET balance = 1, period_start = now() - interval '20 days'");
    expect((await account()).balance).toBe(1);
    await platform.master("UPDATE ai_credits_accounts SET balance = 1, period_start = now() - interval '3 months 5 days'");

    const after = await account();
    expect(after.balance).toBe(20);
    expect(Date.parse(after.periodStart)).toBeGreaterThan(Date.parse(before.periodStart) - 40 * 86_400_000);
    expect(Date.parse(after.periodStart)).toBeLessThanOrEqual(Date.now());
  });
});

describe('requests that are not right', () => {
  it.each([
    [{ raw: '{"title":', headers: { 'content-type': 'application/json' } }, 400, 'The body is not JSON.'],
    [{ raw: '"text"', headers: { 'content-type': 'application/json' } }, 400, 'The body is not JSON.'],
    [{ raw: '[]', headers: { 'content-type': 'application/json' } }, 422, 'The request has fields that cannot be taken.'],
    [{}, 422, 'The request has fields that cannot be taken.'],
    [{ raw: '<a/>', headers: { 'content-type': 'text/xml' } }, 415, 'This address takes application/json.'],
    [{ form: { title: 'x' } }, 415, 'This address takes application/json.'],
    [{ json: { title: 'x'.repeat(70_000) } }, 413, 'The body is larger than 64 kB.'],
    [
      { raw: 'x', headers: { 'content-type': 'application/json', 'content-encoding': 'zip' } },
      415,
      'The body is in an encoding that is not known here.',
    ],
    [
      { raw: '{"__proto__":{"title":"x"}}', headers: { 'content-type': 'application/json' } },
      422,
      'The request has fields that cannot be taken.',
    ],
  ])('are told so: %j', async (question, status, title) => {
    expect(await ask('alpha', { method: 'POST', path: '/sessions', ...question })).toMatchObject({ status, json: { status, title } });
  });

  it('are told which methods there are', async () => {
    expect(await ask('alpha', { method: 'PUT', path: '/sessions', json: {} })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD, POST' },
    });
  });

  it('read as a page where a page was asked for', async () => {
    const { status, headers, text } = await ask('alpha', { path: '/nowhere', headers: { accept: 'text/html' } });
    expect([status, headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
    expect(text).toContain('There is nothing at this address.');
  });
});

describe('every answer', () => {
  it('has a name that is in the log, beside the tenant and without the query', async () => {
    const { headers } = await ask('alpha', { path: '/clients?email=ana@example.org', headers: { 'x-request-id': 'trace-7' } });
    expect(headers['x-request-id']).toBe('trace-7');
    const line = await eventually(() => Promise.resolve(application.lines.find(({ requestId }) => requestId === 'trace-7')));
    expect(line).toMatchObject({
      path: '/clients',
      status: 200,
      organizationId: alpha.organizationId,
      subdomain: 'alpha',
      msg: 'request answered',
    });
    expect(JSON.stringify(application.lines)).not.toMatch(/ana@example|postgresql:/);
  });

  it.each(['/', '/sessions', '/nowhere'])('keeps browsers on the safe side: %s', async (path) => {
    const { headers } = await ask('alpha', { path });
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringMatching(/^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'/),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    expect(headers).not.toHaveProperty('x-powered-by');
  });

  it('does not repeat what the database says of a mistake of ours', async () => {
    await platform.superuser('ALTER TABLE clients RENAME TO people', [], alpha.databaseName);
    const { status, json, text } = await ask('alpha', { path: '/clients' });
    await platform.superuser('ALTER TABLE people RENAME TO clients', [], alpha.databaseName);
    expect([status, json.code]).toEqual([503, 'schema_behind']);
    expect(text).not.toContain('relation');
    expect(await ask('alpha', { path: '/clients' })).toMatchObject({ status: 200 });
  });
});

describe('the page', () => {
  it('shows a person what their studio has', async () => {
    await newSession({ title: 'Tea & <i>talk</i>' });
    const { status, headers, text } = await ask('alpha', { headers: { accept: 'text/html' } });
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    for (const part of ['<h1>Studio alpha</h1>', 'Tea &amp; &lt;i&gt;talk&lt;/i&gt;', '<dd>pro</dd>', `alpha.${BASE_DOMAIN}`])
      expect(text).toContain(part);
  });

  const TYPED = {
    title: 'Pottery',
    startsAt: '2029-07-01T10:00',
    durationMinutes: '60',
    capacity: '6',
    price: '18,50',
    currency: 'EUR',
    description: '',
  };
  const send = async (form: Record<string, string>, origin: string | undefined = `https://beta.${BASE_DOMAIN}`): Promise<Reply> =>
    await ask('beta', { method: 'POST', form, headers: origin === undefined ? {} : { origin } });

  it("adds a session by its form, in the studio's own time", async () => {
    const [beta] = await platform.master<{ name: string }>("SELECT database_name AS name FROM organizations WHERE subdomain = 'beta'");
    await platform.superuser(`ALTER DATABASE ${beta?.name} SET timezone = 'America/New_York'`);
    await platform.superuser('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [beta?.name]);

    const { status, headers } = await send(TYPED);
    expect([status, headers.location]).toEqual([303, expect.stringMatching(/^\/#session-\d+$/)]);
    const { json } = await ask('beta', { path: '/sessions' });
    expect(json.sessions).toMatchObject([{ title: 'Pottery', startsAt: '2029-07-01T14:00:00.000Z', priceCents: 1_850, capacity: 6 }]);
    expect((await ask('beta')).text).toContain('10:00');
  });

  it('gives the form back with what was typed and what is wrong', async () => {
    const { status, text } = await send({ ...TYPED, title: '', price: '"><b>' });
    expect(status).toBe(422);
    expect(text).toContain('2 fields need another look');
    expect(text).toContain('value="&quot;&gt;&lt;b&gt;"');
    expect(text).toContain('This must be one line of 1 to 200 characters.');
  });

  it.each(['https://evil.example', `https://alpha.${BASE_DOMAIN}`, 'null', undefined])('takes no form from %s', async (origin) => {
    const count = async (): Promise<number> => (await ask('beta', { path: '/sessions' })).json.sessions.length;
    const before = await count();
    expect(await ask('beta', { method: 'POST', form: TYPED, headers: origin === undefined ? {} : { origin } })).toMatchObject({
      status: 403,
      json: { code: 'foreign_form' },
    });
    expect(await count()).toBe(before);
  });
});

describe('hosts', () => {
  it('that are nobody’s, or of a studio that is not served, are answered before anything is read', async () => {
    const gamma = await platform.addTenant('gamma', { status: 'suspended' });
    expect(await ask('nobody', { method: 'POST', path: '/sessions', json: YOGA })).toMatchObject({ status: 404 });
    expect(await ask(gamma.subdomain, { path: '/sessions' })).toMatchObject({ status: 403 });
  });

  it('of the kubelet get health without a tenant', async () => {
    const question = { headers: { host: '10.0.0.7:8080' } };
    expect(await ask('', { ...question, path: '/healthz' })).toMatchObject({ status: 200, text: 'ok\n' });
    await eventually(async () => (await ask('', { ...question, path: '/readyz' })).status === 200);
    expect((await ask('', { ...question, path: '/sessions' })).status).toBeGreaterThanOrEqual(400);
  });
});
