// What applications rely on in the master database: the view they look tenants up in, what they are told of changes, and the rights
// that grant_application gives - those, and no others.

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Organization } from '../../../src/master/organization.ts';
import { changeClaims, deleteOrganization, setStatus } from '../../../src/master/organizations.ts';
import { recordOrganization } from '../../../src/master/record.ts';
import { FIND_ROUTES } from '../../../src/routing/directory/route-query.ts';
import { eventually } from '../../support/eventually.ts';
import { queryAs, superuserQuery, type Row } from '../../support/postgres.ts';
import { aRegistration, anActive, type FreshMaster, freshMaster, register, someCredentials } from './fresh-master.ts';

let master: FreshMaster;
beforeAll(async () => {
  master = await freshMaster();
});
afterAll(async () => {
  await master[Symbol.asyncDispose]();
});

const withDomains = (...domains: readonly string[]) => aRegistration(master.clusterId, { claims: { domains } });
const find = (labels: readonly string[], domains: readonly string[], ids: readonly number[]) =>
  master.sql(FIND_ROUTES, [labels, domains, ids]);

describe('the view of routes', () => {
  test('has who is not erased, in whatever state, found by label, domain or number', async () => {
    const active = await anActive(master, withDomains('found.example'));
    const fresh = await register(master, aRegistration(master.clusterId));
    const retained = await anActive(master);
    await setStatus(master.query, retained, 'retained', 'ForATest');
    const rows = await find(
      [active.subdomain, fresh.subdomain, retained.subdomain, 'nobody'],
      ['found.example', 'no.example'],
      [active.id],
    );
    const told = rows.map(({ key, organization_id, status }) => ({ key, organization_id, status }));
    expect(told).toHaveLength(5);
    expect(told).toEqual(
      expect.arrayContaining([
        { key: active.subdomain, organization_id: active.id, status: 'active' },
        { key: fresh.subdomain, organization_id: fresh.id, status: 'provisioning' },
        { key: retained.subdomain, organization_id: retained.id, status: 'retained' },
        { key: 'found.example', organization_id: active.id, status: 'active' },
        { key: null, organization_id: active.id, status: 'active' },
      ]),
    );
    expect(rows.find(({ key }) => key === active.subdomain)).toEqual({
      key: active.subdomain,
      organization_id: active.id,
      subdomain: active.subdomain,
      display_name: active.displayName,
      status: 'active',
      database_name: `studio_${active.id}_db`,
      database_host: 'pg-main',
      database_port: 5432,
      server_name: 'main',
      schema_release: null,
      schema_version: null,
      credentials_generation: 1,
      secret_namespace: 'studios',
      secret_name: 'studio-database',
    });
  });

  test('has no tombstones', async () => {
    const deleted = await anActive(master);
    await deleteOrganization(master.query, deleted);
    expect(await find([deleted.subdomain], [], [deleted.id])).toEqual([]);
  });

  test('is read through an index whichever way it is asked', async () => {
    await master.pool.transaction(async (query) => {
      await query({ text: 'SET LOCAL enable_seqscan = off' });
      const text = `EXPLAIN (FORMAT JSON) ${FIND_ROUTES.replace('$1', "'{a,b}'").replace('$2', "'{a.example}'").replace('$3', "'{1,2}'")}`;
      const plan = JSON.stringify(await query({ text }));
      expect(plan).not.toContain('Seq Scan');
      for (const index of ['organizations_subdomain_key', 'organization_domains_pkey']) expect(plan).toContain(index);
    });
  });
});

describe('changes are announced', () => {
  let listener: pg.Client;
  let payloads: string[];
  beforeAll(async () => {
    payloads = [];
    listener = new pg.Client({ connectionString: master.database.url });
    listener.on('notification', ({ payload }) => payloads.push(payload ?? ''));
    await listener.connect();
    await listener.query('LISTEN studio_tenants');
  });
  afterAll(async () => {
    await listener.end();
  });

  /** From a transaction of its own: what was committed before it has arrived when it has. */
  async function mark(): Promise<string> {
    const own = randomBytes(6).toString('hex');
    await master.sql('SELECT pg_notify($1, $2)', ['studio_tenants', own]);
    await eventually(() => payloads.includes(own));
    return own;
  }

  /** What a change announces, in the order of sending. */
  async function announcedBy(change: () => Promise<unknown>): Promise<readonly unknown[]> {
    await mark();
    payloads.length = 0;
    await change();
    const end = await mark();
    return payloads.slice(0, payloads.indexOf(end)).map((payload) => JSON.parse(payload) as unknown);
  }

  const sql = (text: string, ...values: readonly unknown[]) => announcedBy(() => master.sql(text, values));

  test('with the names that came, when a tenant is registered', async () => {
    const registration = withDomains('new-a.example', 'new-b.example');
    let organization: Organization | undefined;
    const announced = await announcedBy(async () => {
      organization = await register(master, registration);
    });
    const { id } = organization!;
    expect(announced).toHaveLength(3);
    expect(announced).toEqual(
      expect.arrayContaining([
        { organization: id, hosts: [registration.claims.subdomain] },
        { organization: id, hosts: ['new-a.example'] },
        { organization: id, hosts: ['new-b.example'] },
      ]),
    );
  });

  test('with old and new name, when the subdomain changes', async () => {
    const active = await anActive(master);
    const { id, subdomain } = active;
    const claims = { displayName: active.displayName, subdomain: `${subdomain}-renamed`, domains: [] };
    expect(await announcedBy(() => changeClaims(master.query, active, claims))).toEqual([
      { organization: id, hosts: [subdomain, `${subdomain}-renamed`] },
    ]);
  });

  test('with the domain, for both when it goes from one tenant to another', async () => {
    const [one, other] = [await anActive(master, withDomains('moving.example')), await anActive(master)];
    expect(await sql('UPDATE organization_domains SET organization_id = $1 WHERE domain = $2', other.id, 'moving.example')).toEqual([
      { organization: one.id, hosts: ['moving.example'] },
      { organization: other.id, hosts: ['moving.example'] },
    ]);
    expect(await sql('DELETE FROM organization_domains WHERE domain = $1', 'moving.example')).toEqual([
      { organization: other.id, hosts: ['moving.example'] },
    ]);
  });

  test('with the name that went, when a tenant is erased', async () => {
    const { id, uid, subdomain } = await anActive(master, withDomains('erased.example'));
    const announced = await announcedBy(() => deleteOrganization(master.query, { id, uid }));
    expect(announced).toHaveLength(2);
    expect(announced).toEqual(
      expect.arrayContaining([
        { organization: id, hosts: ['erased.example'] },
        { organization: id, hosts: [subdomain] },
      ]),
    );
  });

  test.each([
    ['status', `status = 'suspended'`],
    ['display name', `display_name = 'Another'`],
    ['host', `database_host = 'another-host'`],
    ['port', 'database_port = 6432'],
    ['server', `server_name = 'another'`],
    ['schema', `schema_release = 'r2', schema_version = 2`],
    ['generation', 'credentials_generation = 2'],
    ['Secret', `secret_name = 'another'`],
  ])('without names, when its %s changes', async (_what, change) => {
    const { id } = await anActive(master);
    expect(await sql(`UPDATE organizations SET ${change} WHERE id = $1`, id)).toEqual([{ organization: id }]);
    expect(await sql(`UPDATE organizations SET ${change} WHERE id = $1`, id)).toEqual([]);
  });

  test('not at all, when nothing changes that an application sees', async () => {
    const { id, uid } = await anActive(master, withDomains('quiet.example'));
    const record = { credentials: someCredentials({ secretResourceVersion: 'a-uid/2', passwordHash: `$2b$10$${'b'.repeat(53)}` }) };
    expect(await announcedBy(() => recordOrganization(master.query, { id, uid }, record))).toEqual([]);
    expect(await sql('UPDATE organizations SET database_oid = 7, first_ready_at = now() WHERE id = $1', id)).toEqual([]);
    expect(await sql('UPDATE organization_domains SET created_at = now() WHERE organization_id = $1', id)).toEqual([]);
    expect(await sql('UPDATE ai_credits_accounts SET balance = 1 WHERE organization_id = $1', id)).toEqual([]);
  });

  test('as anything, when all domains go at once', async () => {
    await using emptied = await freshMaster();
    const heard: string[] = [];
    const client = new pg.Client({ connectionString: emptied.database.url });
    client.on('notification', ({ payload }) => heard.push(payload ?? ''));
    await client.connect();
    await client.query('LISTEN studio_tenants');
    await emptied.sql('TRUNCATE organization_domains');
    await eventually(() => heard.length > 0);
    await client.end();
    expect(heard).toEqual(['{}']);
  });

  test('in less than 8000 bytes, however long the names', async () => {
    const label = (letter: string): string => letter.repeat(61);
    const domains = Array.from({ length: 40 }, (_, index) => `${[label('a'), label('b'), label('c'), label('d')].join('.')}.x${index}`);
    const { id } = await anActive(master);
    const announced = await sql('INSERT INTO organization_domains (domain, organization_id) SELECT unnest($1::text[]), $2', domains, id);
    expect(announced).toEqual(domains.map((domain) => ({ organization: id, hosts: [domain] })));
  });
});

describe('an application', () => {
  let url: string;
  let role: string;
  let organization: Organization;
  beforeAll(async () => {
    role = `app_${randomBytes(6).toString('hex')}`;
    await superuserQuery(`CREATE ROLE ${role} LOGIN PASSWORD 'app'`);
    const changed = new URL(master.database.url);
    changed.username = role;
    changed.password = 'app';
    url = changed.href;
    organization = await anActive(master, withDomains('granted.example'));
  });
  afterAll(async () => {
    await superuserQuery(`DROP OWNED BY ${role}`, [], master.database.name);
    await superuserQuery(`DROP ROLE ${role}`);
  });

  const asApplication = <R extends Row = Row>(text: string, values: readonly unknown[] = []) => queryAs<R>(url, text, values);

  test('may not even connect before it is granted, and is granted by the owner as often as wanted', async () => {
    await expect(asApplication('SELECT 1')).rejects.toMatchObject({ code: '42501' });
    for (const _time of ['first', 'again']) await master.sql('SELECT grant_application($1)', [role]);
    expect(await asApplication('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test.each<[string, string]>([
    ['find tenants', `SELECT * FROM tenant_routes`],
    ['find domains', `SELECT domain, organization_id FROM organization_domains`],
    ['read plans', `SELECT organization_id, plan, status, trial_ends_at, current_period_start, current_period_end FROM subscriptions`],
    ['read credits', `SELECT organization_id, monthly_allowance, balance, period_start FROM ai_credits_accounts`],
    ['listen', 'LISTEN studio_tenants'],
  ])('may %s', async (_what, text) => {
    await expect(asApplication(text)).resolves.toBeDefined();
  });

  test('may ask all the directory asks', async () => {
    expect(await asApplication(FIND_ROUTES, [[organization.subdomain], ['granted.example'], [organization.id]])).toHaveLength(3);
  });

  test('may spend and refill credits', async () => {
    expect(await asApplication('SELECT * FROM spend_ai_credits($1, 40, $2)', [organization.id, 'a'])).toEqual([
      { spent: true, balance: '60' },
    ]);
    expect(await asApplication('SELECT refill_ai_credits($1, now()) AS balance', [organization.id])).toEqual([{ balance: '100' }]);
  });

  test.each([
    'SELECT database_password_hash FROM organizations',
    'SELECT id FROM organizations',
    'SELECT created_at FROM organization_domains',
    'SELECT living FROM subscriptions',
    'SELECT * FROM ai_credits_spends',
    'SELECT * FROM tenant_events',
    'SELECT * FROM installation',
    'SELECT * FROM studio_migrations.master_migrations',
    `UPDATE organizations SET status = 'active'`,
    `UPDATE tenant_routes SET status = 'active'`,
    'DELETE FROM tenant_routes',
    `INSERT INTO organization_domains (domain, organization_id) VALUES ('x.example', 1)`,
    'DELETE FROM organization_domains',
    `UPDATE subscriptions SET plan = 'pro'`,
    'UPDATE ai_credits_accounts SET balance = 1000000',
    'DELETE FROM ai_credits_accounts',
    'TRUNCATE organization_domains',
    'SELECT move_organization_ids_past(1000)',
    `SELECT grant_application('pg_read_all_data')`,
    'CREATE TABLE mine (id integer)',
    'CREATE TEMPORARY TABLE mine (id integer)',
    'CREATE SCHEMA mine',
  ])('may not: %s', async (text) => {
    await expect(asApplication(text)).rejects.toMatchObject({ code: expect.stringMatching(/^(42501|55000)$/) });
  });

  test('is given nothing that is not listed here', async () => {
    const rights = await superuserQuery<{ what: string; right: string }>(
      `SELECT c.relname AS what, acl.privilege_type AS right FROM pg_class c, aclexplode(c.relacl) acl WHERE acl.grantee = $1::regrole
       UNION ALL
       SELECT c.relname || '.' || a.attname, acl.privilege_type FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid,
         aclexplode(a.attacl) acl WHERE acl.grantee = $1::regrole
       UNION ALL
       SELECT p.proname, acl.privilege_type FROM pg_proc p, aclexplode(p.proacl) acl WHERE acl.grantee = $1::regrole
       UNION ALL
       SELECT n.nspname, acl.privilege_type FROM pg_namespace n, aclexplode(n.nspacl) acl WHERE acl.grantee = $1::regrole
       UNION ALL
       SELECT 'database', acl.privilege_type FROM pg_database d, aclexplode(d.datacl) acl WHERE acl.grantee = $1::regrole`,
      [role],
      master.database.name,
    );
    expect(rights.map(({ what, right }) => `${right} ${what}`).toSorted()).toEqual([
      'CONNECT database',
      'EXECUTE refill_ai_credits',
      'EXECUTE spend_ai_credits',
      'SELECT ai_credits_accounts.balance',
      'SELECT ai_credits_accounts.monthly_allowance',
      'SELECT ai_credits_accounts.organization_id',
      'SELECT ai_credits_accounts.period_start',
      'SELECT organization_domains.domain',
      'SELECT organization_domains.organization_id',
      'SELECT subscriptions.current_period_end',
      'SELECT subscriptions.current_period_start',
      'SELECT subscriptions.organization_id',
      'SELECT subscriptions.plan',
      'SELECT subscriptions.status',
      'SELECT subscriptions.trial_ends_at',
      'SELECT tenant_routes',
      'USAGE public',
    ]);
  });
});
