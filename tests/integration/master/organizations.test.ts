// The statements on organizations, on a real database: what they write, what they refuse, and that all of them may be repeated.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gatherAll, gatherOrganization } from '../../../src/master/gather.ts';
import {
  abandonOrganization,
  adoptOrganization,
  changeClaims,
  deleteOrganization,
  moveIdentityPast,
  placeOrganization,
  rebuildOrganization,
  registerOrganization,
  setStatus,
} from '../../../src/master/organizations.ts';
import { recordOrganization } from '../../../src/master/record.ts';
import { countOrganizations, serverOccupants } from '../../../src/master/servers.ts';
import {
  aRegistration,
  A_HASH,
  anActive,
  FREE_PLAN,
  type FreshMaster,
  freshMaster,
  register,
  someCredentials,
  whileHolding,
} from './fresh-master.ts';

let master: FreshMaster;
beforeAll(async () => {
  master = await freshMaster();
});
afterAll(async () => {
  await master[Symbol.asyncDispose]();
});

describe('registering', () => {
  test('gives a number, a database name and the claims, with one event', async () => {
    const registration = aRegistration(master.clusterId, { claims: { subdomain: 'Mixed-Case', domains: ['B.example', 'a.example'] } });
    const organization = await register(master, registration);
    expect(organization).toMatchObject({
      ...registration.identity,
      ...registration.placement,
      databaseName: `studio_${organization.id}_db`,
      status: 'provisioning',
      subdomain: 'mixed-case',
      domains: ['a.example', 'b.example'],
      databaseOid: null,
      databasePasswordHash: null,
      credentialsGeneration: 0,
      firstReadyAt: null,
      subscription: null,
    });
    expect(organization.createdAt).toBeInstanceOf(Date);
    const gathered = await gatherOrganization(master.query, registration.identity);
    expect(gathered).toEqual({ organization, tombstone: undefined, predecessor: undefined, requested: undefined });
    expect(await master.events(organization.id)).toEqual(['Registered']);
  });

  test('answers a repetition with the row there is, and writes no second event', async () => {
    const registration = aRegistration(master.clusterId, { claims: { domains: ['again.example'] } });
    const first = await register(master, registration);
    expect(await register(master, registration)).toEqual(first);
    expect(await master.events(first.id)).toEqual(['Registered']);
  });

  test('refuses a subdomain that is taken in whatever case, and uses no number up', async () => {
    const winner = await register(master, aRegistration(master.clusterId, { claims: { subdomain: 'wanted' } }));
    const loser = aRegistration(master.clusterId, { claims: { subdomain: 'WANTED', domains: ['loser.example'] } });
    expect(await registerOrganization(master.query, loser)).toEqual({ kind: 'subdomainTaken' });
    const next = await register(master, aRegistration(master.clusterId));
    expect(next.id).toBe(winner.id + 1);
    expect(await master.sql('SELECT FROM organization_domains WHERE domain = $1', ['loser.example'])).toHaveLength(0);
  });

  test("refuses the whole of it when a domain is taken, and names the loser's own domain only", async () => {
    await register(master, aRegistration(master.clusterId, { claims: { domains: ['held.example', 'also-held.example'] } }));
    const loser = aRegistration(master.clusterId, { claims: { domains: ['free.example', 'HELD.example'] } });
    expect(await registerOrganization(master.query, loser)).toEqual({ kind: 'domainsTaken', domains: ['held.example'] });
    expect((await gatherOrganization(master.query, loser.identity)).organization).toBeUndefined();
    expect(await master.sql('SELECT FROM organization_domains WHERE domain = $1', ['free.example'])).toHaveLength(0);
  });

  test('gives one subdomain to one of many who ask at once', async () => {
    const registrations = Array.from({ length: 12 }, () => aRegistration(master.clusterId, { claims: { subdomain: 'raced' } }));
    const outcomes = await Promise.all(registrations.map((registration) => registerOrganization(master.query, registration)));
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['registered', ...Array.from({ length: 11 }, () => 'subdomainTaken')]);
    expect(await master.sql('SELECT FROM organizations WHERE subdomain = $1', ['raced'])).toHaveLength(1);
  });

  test('gives one domain to one of many who ask at once', async () => {
    const registrations = Array.from({ length: 12 }, () => aRegistration(master.clusterId, { claims: { domains: ['raced.example'] } }));
    const outcomes = await Promise.all(registrations.map((registration) => registerOrganization(master.query, registration)));
    expect(outcomes.filter(({ kind }) => kind === 'registered')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'domainsTaken')).toHaveLength(11);
  });

  test('gives one object one row however often it asks at once', async () => {
    const registration = aRegistration(master.clusterId);
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => registerOrganization(master.query, registration)));
    const ids = outcomes.map((outcome) => outcome.kind === 'registered' && outcome.organization.id);
    expect(new Set(ids).size).toBe(1);
    expect(await master.events(Number(ids[0]))).toEqual(['Registered']);
  });

  test('tells of a living row of the same name under another uid', async () => {
    const registration = aRegistration(master.clusterId);
    const predecessor = await register(master, registration);
    const successor = aRegistration(master.clusterId, { identity: { name: registration.identity.name } });
    expect(await registerOrganization(master.query, successor)).toEqual({ kind: 'nameTaken' });
    const gathered = await gatherOrganization(master.query, successor.identity);
    expect(gathered).toMatchObject({ organization: undefined, predecessor: { id: predecessor.id } });
  });

  test('is refused for another cluster', async () => {
    const stranger = aRegistration(randomUUID());
    expect(await registerOrganization(master.query, stranger)).toEqual({ kind: 'notOwner' });
  });
});

describe('changing claims', () => {
  test('releases and takes subdomain and domains in one, with one event that names none of them', async () => {
    const before = await register(
      master,
      aRegistration(master.clusterId, { claims: { subdomain: 'old-name', domains: ['a1.example', 'a2.example'] } }),
    );
    const claims = { displayName: 'New', subdomain: 'New-Name', domains: ['a2.example', 'A3.example'] };
    expect(await changeClaims(master.query, before, claims)).toEqual({ kind: 'claimed' });
    expect((await gatherOrganization(master.query, before)).organization).toMatchObject({
      displayName: 'New',
      subdomain: 'new-name',
      domains: ['a2.example', 'a3.example'],
    });
    expect(await master.events(before.id)).toEqual(['Registered', 'ClaimsChanged']);
    const [event] = await master.sql('SELECT detail FROM tenant_events WHERE organization_id = $1 ORDER BY id DESC LIMIT 1', [before.id]);
    expect(event).toEqual({ detail: { displayName: true, subdomain: true, domainsAdded: 1, domainsReleased: 1 } });
    const next = aRegistration(master.clusterId, { claims: { subdomain: 'old-name', domains: ['a1.example'] } });
    expect(await registerOrganization(master.query, next)).toMatchObject({ kind: 'registered' });
  });

  test('changes nothing when nothing differs', async () => {
    const registration = aRegistration(master.clusterId, { claims: { domains: ['same.example'] } });
    const before = await register(master, registration);
    expect(await changeClaims(master.query, before, registration.claims)).toEqual({ kind: 'claimed' });
    expect((await gatherOrganization(master.query, before)).organization).toEqual(before);
    expect(await master.events(before.id)).toEqual(['Registered']);
  });

  test('keeps what was held when a part of it is refused', async () => {
    const holder = await register(
      master,
      aRegistration(master.clusterId, { claims: { subdomain: 'holder', domains: ['holder.example'] } }),
    );
    const before = await register(master, aRegistration(master.clusterId, { claims: { domains: ['mine.example'] } }));
    const wantsSubdomain = { displayName: 'X', subdomain: 'holder', domains: [] };
    expect(await changeClaims(master.query, before, wantsSubdomain)).toEqual({ kind: 'subdomainTaken' });
    const wantsDomain = { displayName: 'X', subdomain: 'other-name', domains: ['holder.example'] };
    expect(await changeClaims(master.query, before, wantsDomain)).toEqual({ kind: 'domainsTaken', domains: ['holder.example'] });
    expect((await gatherOrganization(master.query, before)).organization).toEqual(before);
    expect((await gatherOrganization(master.query, holder)).organization).toEqual(holder);
  });

  test('gives a released domain to one of many who want it at once', async () => {
    const wanting = await Promise.all(Array.from({ length: 8 }, () => register(master, aRegistration(master.clusterId))));
    const outcomes = await Promise.all(
      wanting.map((organization) => changeClaims(master.query, organization, { ...organization, domains: ['wanted-by-many.example'] })),
    );
    expect(outcomes.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'domainsTaken')).toHaveLength(7);
  });

  test('says when the row is gone', async () => {
    const gone = await anActive(master);
    await deleteOrganization(master.query, gone);
    expect(await changeClaims(master.query, gone, gone)).toEqual({ kind: 'gone' });
  });
});

describe('recording', () => {
  test('completes a fresh organization in one statement', async () => {
    const { id, uid } = await register(master, aRegistration(master.clusterId, { claims: { domains: ['complete.example'] } }));
    const completed = await recordOrganization(
      master.query,
      { id, uid },
      {
        credentials: someCredentials(),
        databaseOid: 4_000_000_000,
        schema: { release: 'studio-7', version: 7 },
        subscription: { plan: 'pro', monthlyAllowance: 9_007_199_254_740_991, trialDays: 14 },
        status: 'active',
      },
    );
    expect(completed).toMatchObject({
      status: 'active',
      databaseOid: 4_000_000_000,
      databasePasswordHash: A_HASH,
      credentialsGeneration: 1,
      secretName: 'studio-database',
      secretResourceVersion: 'a-uid/1',
      schemaRelease: 'studio-7',
      schemaVersion: 7,
      domains: ['complete.example'],
      subscription: { plan: 'pro', monthlyAllowance: 9_007_199_254_740_991 },
    });
    expect(completed?.firstReadyAt).toBeInstanceOf(Date);
    const stored = (await gatherOrganization(master.query, completed ?? { uid, clusterId: '', namespace: '', name: '' })).organization;
    expect(stored).toEqual(completed);
    const [billing] = await master.sql(
      `SELECT s.status, s.trial_ends_at - s.current_period_start = '14 days' AS trial,
         s.current_period_end = s.current_period_start + interval '1 month' AS month, a.balance, a.monthly_allowance,
         a.period_start = s.current_period_start AS same
       FROM subscriptions s JOIN ai_credits_accounts a USING (organization_id) WHERE organization_id = $1`,
      [id],
    );
    const credits = '9007199254740991';
    expect(billing).toEqual({ status: 'trialing', trial: true, month: true, balance: credits, monthly_allowance: credits, same: true });
    expect(await master.events(id)).toEqual(
      expect.arrayContaining([
        'Registered',
        'CredentialsRecorded',
        'DatabaseRecorded',
        'SchemaRecorded',
        'SubscriptionRecorded',
        'StatusChanged',
      ]),
    );
    expect(await master.events(id)).toHaveLength(6);
  });

  test('changes nothing and writes no event when repeated', async () => {
    const active = await anActive(master);
    const events = await master.events(active.id);
    const again = await recordOrganization(master.query, active, {
      credentials: someCredentials(),
      databaseOid: 16_000 + active.id,
      subscription: FREE_PLAN,
      status: 'active',
    });
    expect(again).toEqual(active);
    expect(await master.events(active.id)).toEqual(events);
  });

  test('leaves alone what it is not told of', async () => {
    const active = await anActive(master);
    const recorded = await recordOrganization(master.query, active, { schema: { release: 'r', version: 2 } });
    expect(recorded).toEqual({ ...active, schemaRelease: 'r', schemaVersion: 2, updatedAt: recorded?.updatedAt });
  });

  test('notes a new version of the Secret without an event, since the password is the same', async () => {
    const active = await anActive(master);
    const events = await master.events(active.id);
    const recorded = await recordOrganization(master.query, active, { credentials: someCredentials({ secretResourceVersion: 'a-uid/2' }) });
    expect(recorded?.secretResourceVersion).toBe('a-uid/2');
    expect(await master.events(active.id)).toEqual(events);
  });

  test('keeps the first time it was ready', async () => {
    const active = await anActive(master);
    await setStatus(master.query, active, 'suspended', 'Asked');
    const again = await setStatus(master.query, active, 'active');
    expect(again).toMatchObject({ status: 'active', firstReadyAt: active.firstReadyAt });
    const changes = await master.sql("SELECT detail FROM tenant_events WHERE organization_id = $1 AND type = 'StatusChanged' ORDER BY id", [
      active.id,
    ]);
    expect(changes.map(({ detail }) => detail)).toEqual([
      { from: 'provisioning', to: 'active' },
      { from: 'active', to: 'suspended', reason: 'Asked' },
      { from: 'suspended', to: 'active' },
    ]);
  });

  test('does not touch a row that has gone over to another object', async () => {
    const active = await anActive(master);
    expect(await setStatus(master.query, { id: active.id, uid: randomUUID() }, 'failed')).toBeUndefined();
    expect((await gatherOrganization(master.query, active)).organization).toEqual(active);
  });

  test('moves the endpoint and refuses another server', async () => {
    const active = await anActive(master);
    const pooler = { serverName: 'main', databaseHost: 'pooler', databasePort: 6432 };
    expect(await placeOrganization(master.query, active, pooler)).toMatchObject(pooler);
    expect(() => placeOrganization(master.query, active, { ...pooler, serverName: 'other' })).toThrow(RangeError);
  });

  test('brings plan and allowance of a subscription, and leaves billing and balance to the application', async () => {
    const active = await anActive(master);
    await master.sql("UPDATE subscriptions SET status = 'past_due' WHERE organization_id = $1", [active.id]);
    await master.sql('UPDATE ai_credits_accounts SET balance = 7 WHERE organization_id = $1', [active.id]);
    const changed = await recordOrganization(master.query, active, {
      subscription: { plan: 'pro', monthlyAllowance: 5000, trialDays: 30 },
    });
    expect(changed?.subscription).toEqual({ plan: 'pro', monthlyAllowance: 5000 });
    const [row] = await master.sql(
      'SELECT plan, status, trial_ends_at, balance, monthly_allowance FROM subscriptions JOIN ai_credits_accounts USING (organization_id) WHERE organization_id = $1',
      [active.id],
    );
    expect(row).toEqual({ plan: 'pro', status: 'past_due', trial_ends_at: null, balance: '7', monthly_allowance: '5000' });
    expect((await master.events(active.id)).filter((type) => type === 'SubscriptionRecorded')).toHaveLength(2);
  });
});

describe('erasing', () => {
  test('leaves ids, oid and times, and frees every claim', async () => {
    const registration = aRegistration(master.clusterId, { claims: { subdomain: 'erased', domains: ['erased.example'] } });
    const active = await anActive(master, registration);
    await deleteOrganization(master.query, active);
    const [row] = await master.sql('SELECT * FROM organizations WHERE id = $1', [active.id]);
    const kept = Object.fromEntries(Object.entries(row ?? {}).filter(([, value]) => value !== null));
    expect(Object.keys(kept).toSorted()).toEqual([
      'cluster_id',
      'created_at',
      'credentials_generation',
      'database_name',
      'database_oid',
      'deleted_at',
      'first_ready_at',
      'id',
      'living',
      'server_name',
      'status',
      'uid',
      'updated_at',
    ]);
    for (const table of ['organization_domains', 'subscriptions', 'ai_credits_accounts']) {
      expect(await master.sql(`SELECT FROM ${table} WHERE organization_id = $1`, [active.id])).toHaveLength(0);
    }
    const gathered = await gatherOrganization(master.query, registration.identity);
    expect(gathered.organization).toBeUndefined();
    expect(gathered.tombstone).toMatchObject({ id: active.id, status: 'deleted', databaseOid: active.databaseOid });
    const successor = aRegistration(master.clusterId, { identity: { name: registration.identity.name }, claims: registration.claims });
    expect(await registerOrganization(master.query, successor)).toMatchObject({ kind: 'registered' });
  });

  test('writes one event however often it is repeated', async () => {
    const active = await anActive(master);
    await deleteOrganization(master.query, active);
    await deleteOrganization(master.query, active);
    expect((await master.events(active.id)).filter((type) => type === 'Deleted')).toHaveLength(1);
  });

  test('waits for an erasure that is under way, and then has nothing to do', async () => {
    const active = await anActive(master);
    await whileHolding(
      master,
      (query) => deleteOrganization(query, active),
      () => deleteOrganization(master.query, active),
    );
    expect((await master.events(active.id)).filter((type) => type === 'Deleted')).toHaveLength(1);
  });

  test('leaves no name of the customer behind, in no table', async () => {
    const secretName = 'very-personal-name';
    const registration = aRegistration(master.clusterId, {
      identity: { namespace: secretName, name: secretName },
      claims: { displayName: secretName, subdomain: secretName, domains: [`${secretName}.example`] },
    });
    const active = await anActive(master, registration);
    await recordOrganization(master.query, active, { credentials: someCredentials({ secretNamespace: secretName, secretName }) });
    await changeClaims(master.query, active, { ...registration.claims, domains: [`www.${secretName}.example`] });
    await setStatus(master.query, active, 'retained');
    await deleteOrganization(master.query, active);
    const tables = await master.sql<{ name: string }>(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
    );
    expect(tables.length).toBeGreaterThan(5);
    for (const { name } of tables) {
      const rows = await master.sql(`SELECT FROM ${name} AS t WHERE to_jsonb(t)::text LIKE $1`, [`%${secretName}%`]);
      expect({ table: name, rows: rows.length }).toEqual({ table: name, rows: 0 });
    }
  });

  test('of an abandoned one says where data may be left, frees the claims and the server, and may be completed', async () => {
    const registration = aRegistration(master.clusterId);
    const placement = { ...registration.placement, serverName: 'gone-for-good' };
    const active = await anActive(master, { ...registration, placement });
    await abandonOrganization(master.query, active);
    expect((await gatherOrganization(master.query, active)).tombstone).toMatchObject({ status: 'abandoned', serverName: 'gone-for-good' });
    expect((await serverOccupants(master.query, 'gone-for-good')).organizations).toBe(0);
    expect(await registerOrganization(master.query, aRegistration(master.clusterId, registration))).toMatchObject({ kind: 'registered' });
    await deleteOrganization(master.query, active);
    expect((await gatherOrganization(master.query, active)).tombstone).toMatchObject({ status: 'deleted' });
    await abandonOrganization(master.query, active);
    expect((await gatherOrganization(master.query, active)).tombstone).toMatchObject({ status: 'deleted' });
    expect((await master.events(active.id)).slice(-2)).toEqual(['Abandoned', 'Deleted']);
  });
});

describe('coming back', () => {
  test('hands a retained row with its data to a new object, which needs a new password', async () => {
    const registration = aRegistration(master.clusterId, { claims: { subdomain: 'back', domains: ['back.example'] } });
    const retained = await setStatus(master.query, await anActive(master, registration), 'retained');
    if (retained === undefined) throw new Error('the organization is gone');
    const identity = { ...registration.identity, uid: randomUUID() };
    expect((await gatherOrganization(master.query, identity)).predecessor).toEqual(retained);
    expect(await adoptOrganization(master.query, retained, identity, registration.claims)).toEqual({ kind: 'claimed' });
    const { organization } = await gatherOrganization(master.query, identity);
    expect(organization).toMatchObject({
      id: retained.id,
      uid: identity.uid,
      status: 'provisioning',
      databaseOid: retained.databaseOid,
      databasePasswordHash: null,
      secretResourceVersion: null,
      credentialsGeneration: 1,
      domains: ['back.example'],
      subscription: { plan: 'free', monthlyAllowance: 100 },
    });
    expect((await gatherOrganization(master.query, registration.identity)).organization).toBeUndefined();
    expect((await master.events(retained.id)).at(-1)).toBe('Adopted');
  });

  test('is gone for the second of two who adopt one row, and for a repetition', async () => {
    const retained = await anActive(master);
    const heirs = [randomUUID(), randomUUID()].map((uid) => ({
      uid,
      clusterId: master.clusterId,
      namespace: 'studios',
      name: retained.name,
    }));
    const outcomes = await Promise.all(heirs.map((identity) => adoptOrganization(master.query, retained, identity, retained)));
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['claimed', 'gone']);
    expect((await master.events(retained.id)).filter((type) => type === 'Adopted')).toHaveLength(1);
  });

  test('may bring another name, subdomain and domains, when the number was asked for', async () => {
    const retained = await anActive(master, aRegistration(master.clusterId, { claims: { domains: ['before.example'] } }));
    const { identity, claims } = aRegistration(master.clusterId, { claims: { domains: ['after.example'] } });
    expect((await gatherOrganization(master.query, identity, retained.id)).requested).toEqual(retained);
    expect(await adoptOrganization(master.query, retained, identity, claims)).toEqual({ kind: 'claimed' });
    const { organization } = await gatherOrganization(master.query, identity);
    expect(organization).toMatchObject({ id: retained.id, name: identity.name, subdomain: claims.subdomain, domains: ['after.example'] });
  });

  test('is refused where the new object has a row already, and where its claims are taken', async () => {
    const retained = await anActive(master);
    const registered = aRegistration(master.clusterId);
    await register(master, registered);
    expect(await adoptOrganization(master.query, retained, registered.identity, registered.claims)).toEqual({ kind: 'uidTaken' });
    const { identity, claims } = aRegistration(master.clusterId, { claims: { subdomain: registered.claims.subdomain } });
    expect(await adoptOrganization(master.query, retained, identity, claims)).toEqual({ kind: 'subdomainTaken' });
    expect((await gatherOrganization(master.query, retained)).organization).toEqual(retained);
  });
});

describe('rebuilding after the master database was restored from an older backup', () => {
  test('keeps the number, records the database, and gives no later organization that number', async () => {
    const last = await register(master, aRegistration(master.clusterId));
    const rebuilding = {
      ...aRegistration(master.clusterId, { claims: { domains: ['rebuilt.example'] } }),
      id: last.id + 40,
      databaseOid: 77,
    };
    const outcome = await rebuildOrganization(master.query, rebuilding);
    expect(outcome).toMatchObject({
      kind: 'registered',
      organization: {
        id: last.id + 40,
        databaseOid: 77,
        status: 'provisioning',
        databaseName: `studio_${last.id + 40}_db`,
        domains: ['rebuilt.example'],
      },
    });
    expect(await rebuildOrganization(master.query, rebuilding)).toEqual(outcome);
    expect(await master.events(last.id + 40)).toEqual(['Rebuilt']);
    expect((await register(master, aRegistration(master.clusterId))).id).toBe(last.id + 41);
  });

  test('is refused where the number belongs to somebody else by now, or to a tombstone', async () => {
    const holder = await anActive(master);
    const rebuilding = { ...aRegistration(master.clusterId), id: holder.id, databaseOid: 78 };
    expect(await rebuildOrganization(master.query, rebuilding)).toEqual({ kind: 'idTaken' });
    await deleteOrganization(master.query, holder);
    expect(await rebuildOrganization(master.query, rebuilding)).toEqual({ kind: 'idTaken' });
    const own = { ...rebuilding, identity: { ...rebuilding.identity, uid: holder.uid } };
    expect(await rebuildOrganization(master.query, own)).toEqual({ kind: 'idTaken' });
  });

  test('moves the identity past what servers hold, and never back', async () => {
    const { id } = await register(master, aRegistration(master.clusterId));
    await moveIdentityPast(master.query, id + 100);
    await moveIdentityPast(master.query, id + 5);
    expect((await register(master, aRegistration(master.clusterId))).id).toBe(id + 101);
  });

  test('waits for registrations under way before it moves the identity, so that it never moves back', async () => {
    const registration = aRegistration(master.clusterId);
    await whileHolding(
      master,
      (query) => registerOrganization(query, registration),
      () => moveIdentityPast(master.query, 1),
    );
    expect((await gatherOrganization(master.query, registration.identity)).organization).toMatchObject(registration.identity);
  });

  test('moves the identity while others register, and no number is given twice', async () => {
    const { id } = await register(master, aRegistration(master.clusterId));
    const registering = Array.from({ length: 30 }, () => register(master, aRegistration(master.clusterId)));
    const moving = Array.from({ length: 10 }, (_, step) => moveIdentityPast(master.query, id + 3 * step));
    const ids = (await Promise.all(registering)).map((organization) => organization.id);
    await Promise.all(moving);
    expect(new Set(ids).size).toBe(30);
  });
});

describe('servers', () => {
  test('are counted by the organizations that live on them, and name their oldest', async () => {
    const onServer = (): Promise<{ id: number; uid: string }> => {
      const registration = aRegistration(master.clusterId);
      return anActive(master, { ...registration, placement: { ...registration.placement, serverName: 'counted' } });
    };
    const organizations = [];
    for (let made = 0; made < 7; made += 1) organizations.push(await onServer());
    const [first, second] = organizations;
    if (first === undefined || second === undefined) throw new Error('no organizations');
    await deleteOrganization(master.query, first);
    expect((await countOrganizations(master.query)).get('counted')).toBe(6);
    const occupants = await serverOccupants(master.query, 'counted');
    expect(occupants.organizations).toBe(6);
    expect(occupants.oldest).toHaveLength(5);
    expect(occupants.oldest[0]).toMatchObject({ id: second.id, namespace: 'studios', status: 'active' });
    expect(await serverOccupants(master.query, 'nobody-here')).toEqual({ organizations: 0, oldest: [] });
  });
});

describe('the drift sweep', () => {
  test('reads every living organization of the cluster, and no hash', async () => {
    await using own = await freshMaster();
    const active = await anActive(own, aRegistration(own.clusterId, { claims: { domains: ['swept.example'] } }));
    await deleteOrganization(own.query, await anActive(own));
    const unread = new Set(['databasePasswordHash', 'secretName', 'secretNamespace', 'createdAt', 'updatedAt']);
    const summary = Object.fromEntries(Object.entries(active).filter(([field]) => !unread.has(field)));
    expect(await gatherAll(own.query, own.clusterId)).toEqual([summary]);
    expect(await gatherAll(own.query, randomUUID())).toEqual([]);
  });
});
