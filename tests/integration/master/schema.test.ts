// Every rule of the master schema, tried by hand as the owner of the tables: what the operator's own statements never
// do must be refused all the same, because applications and people write to this database too.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Organization } from '../../../src/master/organization.ts';
import { abandonOrganization, deleteOrganization, setStatus } from '../../../src/master/organizations.ts';
import { aRegistration, A_HASH, anActive, type FreshMaster, freshMaster, register } from './fresh-master.ts';

let master: FreshMaster;
let active: Organization;
let deleted: Organization;
beforeAll(async () => {
  master = await freshMaster();
  active = await anActive(master, aRegistration(master.clusterId, { claims: { domains: ['active.example'] } }));
  deleted = await anActive(master);
  await deleteOrganization(master.query, deleted);
});
afterAll(async () => {
  await master[Symbol.asyncDispose]();
});

/** The constraint that refuses a statement; fails the test when none does. */
async function refusedBy(text: string, values: readonly unknown[] = []): Promise<unknown> {
  const error: unknown = await master.sql(text, values).then(
    () => undefined,
    (refusal: unknown) => refusal,
  );
  if (error === undefined) throw new Error(`not refused: ${text}`);
  const { constraint, code } = error as { constraint?: string; code?: string };
  return constraint ?? code;
}

/** A row of organizations that is right, as a base for one that is wrong. */
const RIGHT_ROW: Readonly<Record<string, unknown>> = {
  uid: randomUUID(),
  cluster_id: randomUUID(),
  namespace: 'studios',
  name: 'by-hand',
  display_name: 'By Hand',
  subdomain: 'by-hand',
  server_name: 'main',
  database_host: 'pg-main',
  database_port: 5432,
};

function insertion(changes: Readonly<Record<string, unknown>>): [string, readonly unknown[]] {
  const row = { ...RIGHT_ROW, uid: randomUUID(), ...changes };
  const columns = Object.keys(row);
  const places = columns.map((_, index) => `$${index + 1}`);
  return [`INSERT INTO organizations (${columns.join(', ')}) VALUES (${places.join(', ')})`, Object.values(row)];
}

describe('organizations refuses', () => {
  test.each<[string, string, Readonly<Record<string, unknown>>]>([
    ['an unknown status', 'organizations_status_is_known', { status: 'asleep' }],
    ['a subdomain in upper case', 'organizations_subdomain_is_lower_case_label', { subdomain: 'By-Hand' }],
    ['a subdomain that ends with a hyphen', 'organizations_subdomain_is_lower_case_label', { subdomain: 'by-hand-' }],
    ['a subdomain with a dot', 'organizations_subdomain_is_lower_case_label', { subdomain: 'by.hand' }],
    ['a subdomain with a line feed', 'organizations_subdomain_is_lower_case_label', { subdomain: 'by-hand\n' }],
    ['a subdomain of two characters', 'organizations_subdomain_is_lower_case_label', { subdomain: 'by' }],
    ['a subdomain of 64 characters', 'organizations_subdomain_is_lower_case_label', { subdomain: 'x'.repeat(64) }],
    ['an empty display name', 'organizations_display_name_length', { display_name: '' }],
    ['a display name of 121 characters', 'organizations_display_name_length', { display_name: 'x'.repeat(121) }],
    ['a port out of range', 'organizations_database_port_range', { database_port: 65_536 }],
    ['a password in place of its hash', 'organizations_password_hash_is_bcrypt', credentialed({ database_password_hash: 'secret' })],
    ['a hash without its Secret', 'organizations_credentials_are_whole', { database_password_hash: A_HASH, credentials_generation: 1 }],
    ['a hash of no generation', 'organizations_credentials_are_whole', credentialed({ credentials_generation: 0 })],
    ['a Secret version without a hash', 'organizations_credentials_are_whole', { secret_resource_version: 'a/1' }],
    ['a negative generation', 'organizations_credentials_generation_range', { credentials_generation: -1 }],
    ['a schema version without its release', 'organizations_schema_is_whole', { schema_version: 1 }],
    ['a release of version 0', 'organizations_schema_is_whole', { schema_release: 'r', schema_version: 0 }],
    [
      'an active one without a database',
      'organizations_active_can_be_reached',
      credentialed({ status: 'active', first_ready_at: new Date() }),
    ],
    [
      'an active one without a password',
      'organizations_active_can_be_reached',
      { status: 'active', database_oid: 1, first_ready_at: new Date() },
    ],
    ['a living one without a subdomain', 'organizations_living_are_whole', { subdomain: null }],
    ['a living one without a server', 'organizations_living_are_whole', { server_name: null }],
    ['a living one with a time of deletion', 'organizations_living_are_whole', { deleted_at: new Date() }],
    ['a tombstone with a name', 'organizations_tombstones_are_erased', { status: 'deleted', deleted_at: new Date() }],
    ['an abandoned one with a name', 'organizations_tombstones_are_erased', { status: 'abandoned', deleted_at: new Date() }],
  ])('%s', async (_what, constraint, changes) => {
    expect(await refusedBy(...insertion(changes))).toBe(constraint);
  });

  test.each(['subdomain', 'name', 'namespace', 'display_name', 'database_host', 'secret_resource_version', 'schema_release'])(
    'a tombstone with a %s',
    async (column) => {
      const erased = { namespace: null, name: null, display_name: null, subdomain: null, database_host: null, database_port: null };
      const [text, values] = insertion({ ...erased, status: 'deleted', deleted_at: new Date(), [column]: 'left-over' });
      expect(await refusedBy(text, values)).toMatch(/_are_erased$|_are_whole$|_is_whole$/);
    },
  );

  test('a tombstone with a hash', async () => {
    const erased = { namespace: null, name: null, display_name: null, subdomain: null, database_host: null, database_port: null };
    const [text, values] = insertion({ ...erased, ...credentialed({}), status: 'deleted', deleted_at: new Date() });
    expect(await refusedBy(text, values)).toBe('organizations_tombstones_are_erased');
  });

  test('a second row of one uid, subdomain or object while the first lives', async () => {
    const { subdomain, clusterId, namespace, name, uid } = active;
    expect(await refusedBy(...insertion({ uid }))).toBe('organizations_uid_key');
    expect(await refusedBy(...insertion({ subdomain }))).toBe('organizations_subdomain_key');
    expect(await refusedBy(...insertion({ cluster_id: clusterId, namespace, name }))).toBe('organizations_object_key');
  });

  test('a number, a database name or a living mark by hand', async () => {
    for (const column of ['id = 4711', "database_name = 'studio_4711_db'", 'living = false']) {
      expect(await refusedBy(`UPDATE organizations SET ${column} WHERE id = ${active.id}`)).toBe('428C9');
    }
    expect(await refusedBy(...insertion({ id: 4711 }))).toBe('428C9');
  });

  test('to lose a row', async () => {
    expect(await refusedBy(`DELETE FROM organizations WHERE id = ${deleted.id}`)).toBe('organizations_stay');
    expect(await refusedBy('TRUNCATE organizations CASCADE')).toBe('organizations_stay');
  });

  test('to forget a recorded database', async () => {
    expect(await refusedBy(`UPDATE organizations SET database_oid = NULL, status = 'provisioning' WHERE id = ${active.id}`)).toBe(
      'organizations_database_oid_stays',
    );
  });

  test('to change a tombstone, or to bring it back to life', async () => {
    expect(await refusedBy(`UPDATE organizations SET server_name = 'x' WHERE id = ${deleted.id}`)).toBe(
      'organizations_tombstones_are_final',
    );
    const abandoned = await anActive(master);
    await abandonOrganization(master.query, abandoned);
    const revived = `UPDATE organizations SET status = 'provisioning', deleted_at = NULL, namespace = 'n', name = 'n', display_name = 'n',
      subdomain = 'revived', database_host = 'h', database_port = 1 WHERE id = ${abandoned.id}`;
    expect(await refusedBy(revived)).toBe('organizations_tombstones_are_final');
  });
});

describe('what belongs to an organization', () => {
  test.each([
    [
      'a domain',
      "INSERT INTO organization_domains (domain, organization_id) VALUES ('left.example', $1)",
      'organization_domains_of_living',
    ],
    [
      'a subscription',
      "INSERT INTO subscriptions (organization_id, plan, status, current_period_start, current_period_end) VALUES ($1, 'free', 'active', now(), now() + interval '1 day')",
      'subscriptions_of_living',
    ],
    [
      'a credits account',
      'INSERT INTO ai_credits_accounts (organization_id, monthly_allowance, balance, period_start) VALUES ($1, 1, 1, now())',
      'ai_credits_accounts_of_living',
    ],
  ])('is never %s of a tombstone', async (_what, text, constraint) => {
    expect(await refusedBy(text, [deleted.id])).toBe(constraint);
  });

  test.each(['organization_domains', 'subscriptions', 'ai_credits_accounts'])('keeps it from becoming a tombstone: %s', async (table) => {
    const owner = await anActive(
      master,
      aRegistration(master.clusterId, { claims: { domains: [`${table.replaceAll('_', '-')}.example`] } }),
    );
    for (const other of ['organization_domains', 'subscriptions', 'ai_credits_accounts']) {
      if (other !== table) await master.sql(`DELETE FROM ${other} WHERE organization_id = $1`, [owner.id]);
    }
    const erasure = `UPDATE organizations SET status = 'deleted', deleted_at = now(), namespace = NULL, name = NULL, display_name = NULL,
      subdomain = NULL, database_host = NULL, database_port = NULL, database_password_hash = NULL, secret_namespace = NULL,
      secret_name = NULL, secret_resource_version = NULL WHERE id = $1`;
    expect(await refusedBy(erasure, [owner.id])).toBe(`${table}_of_living`);
  });

  test.each([
    ['in upper case', 'Upper.example'],
    ['without a dot', 'localhost'],
    ['a wildcard', '*.example.com'],
    ['with an empty label', 'a..example'],
    ['with a label of 64 characters', `${'x'.repeat(64)}.example`],
    ['of more than 253 characters', `${'x.'.repeat(126)}xx`],
  ])('is no domain %s', async (_what, domain) => {
    const text = 'INSERT INTO organization_domains (domain, organization_id) VALUES ($1, $2)';
    expect(await refusedBy(text, [domain, active.id])).toBe('organization_domains_domain_is_lower_case_host_name');
  });

  test('is a domain once over the platform', async () => {
    const other = await register(master, aRegistration(master.clusterId));
    const text = "INSERT INTO organization_domains (domain, organization_id) VALUES ('active.example', $1)";
    expect(await refusedBy(text, [other.id])).toBe('organization_domains_pkey');
  });

  test.each([
    ["status = 'unheard-of'", 'subscriptions_status_is_known'],
    ["status = 'trialing'", 'subscriptions_trial_has_an_end'],
    ["plan = ''", 'subscriptions_plan_length'],
    ['current_period_end = current_period_start', 'subscriptions_period_is_not_empty'],
  ])('is no subscription with %s', async (change, constraint) => {
    expect(await refusedBy(`UPDATE subscriptions SET ${change} WHERE organization_id = $1`, [active.id])).toBe(constraint);
  });

  test.each([
    ['balance = -1', 'ai_credits_accounts_balance_range'],
    ['balance = 9007199254740992', 'ai_credits_accounts_balance_range'],
    ['monthly_allowance = -1', 'ai_credits_accounts_monthly_allowance_range'],
  ])('is no account with %s', async (change, constraint) => {
    expect(await refusedBy(`UPDATE ai_credits_accounts SET ${change} WHERE organization_id = $1`, [active.id])).toBe(constraint);
  });
});

describe('history', () => {
  test.each([
    "UPDATE tenant_events SET type = 'Other'",
    'DELETE FROM tenant_events',
    'UPDATE tenant_events SET at = now() WHERE false',
    'TRUNCATE tenant_events',
  ])('refuses %s', async (text) => {
    const before = await master.sql('SELECT * FROM tenant_events ORDER BY id');
    expect(await refusedBy(text)).toBe('tenant_events_append_only');
    expect(await master.sql('SELECT * FROM tenant_events ORDER BY id')).toEqual(before);
  });

  test.each([
    ["(organization_id, uid, type) VALUES (2147483647, gen_random_uuid(), 'Registered')", 'tenant_events_of_organization'],
    [
      "(organization_id, uid, type) SELECT max(id), gen_random_uuid(), 'not camel case' FROM organizations",
      'tenant_events_type_is_camel_case',
    ],
    [
      "(organization_id, uid, type, detail) SELECT max(id), gen_random_uuid(), 'Odd', '[]' FROM organizations",
      'tenant_events_detail_is_an_object',
    ],
  ])('takes no event %s', async (event, constraint) => {
    expect(await refusedBy(`INSERT INTO tenant_events ${event}`)).toBe(constraint);
  });
});

describe('the schema', () => {
  test('says what every table, column and function is for', async () => {
    const silentOnes = await master.sql(
      `SELECT c.relname || coalesce('.' || a.attname, '') AS what
       FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v')
         AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, a.attnum) IS NULL)
       UNION ALL
       SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL`,
    );
    expect(silentOnes).toEqual([]);
  });

  test('lets nobody but its owner run its functions unless granted', async () => {
    const open = await master.sql(
      `SELECT proname FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS acl
       WHERE pronamespace = 'public'::regnamespace AND acl.grantee = 0 AND prorettype <> 'trigger'::regtype`,
    );
    expect(open).toEqual([]);
  });

  test('looks nothing up in public when a function runs', async () => {
    const loose = await master.sql(
      `SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
         AND NOT 'search_path=pg_catalog, pg_temp' = ANY (coalesce(proconfig, '{}'))`,
    );
    expect(loose).toEqual([]);
  });

  test('stamps a changed row', async () => {
    const before = await register(master, aRegistration(master.clusterId));
    const after = await setStatus(master.query, before, 'failed', 'ForATest');
    expect(after?.updatedAt.getTime()).toBeGreaterThan(before.updatedAt.getTime());
  });

  test('finds subdomain, domain, uid and object by index', async () => {
    const plans = [
      "SELECT id FROM organizations WHERE subdomain = 'x' AND status = 'active'",
      "SELECT organization_id FROM organization_domains WHERE domain = 'x.example'",
      `SELECT id FROM organizations WHERE uid = '${randomUUID()}' AND living`,
      `SELECT id FROM organizations WHERE cluster_id = '${randomUUID()}' AND namespace = 'n' AND name = 'n' AND status <> 'deleted'`,
    ];
    await master.pool.transaction(async (query) => {
      await query({ text: 'SET LOCAL enable_seqscan = off' });
      for (const text of plans) {
        const plan = JSON.stringify(await query({ text: `EXPLAIN (FORMAT JSON) ${text.replaceAll('FROM ', 'FROM public.')}` }));
        expect({ text, plan }).not.toMatchObject({ plan: expect.stringContaining('Seq Scan') });
      }
    });
  });
});

function credentialed(changes: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { database_password_hash: A_HASH, credentials_generation: 1, secret_namespace: 'n', secret_name: 's', ...changes };
}
