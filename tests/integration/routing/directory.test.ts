// How the directory asks the master database: once for many, and with bounds whatever is asked for.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSqlPlatform, type SqlPlatform } from '../../../dev/sql-tenants.ts';
import { createTenantDirectory } from '../../../src/routing/directory/create-directory.ts';
import { Overloaded } from '../../../src/routing/errors.ts';
import { aDirectory, aName, BASE_DOMAIN, hostOf } from './a-directory.ts';

let platform: SqlPlatform;
beforeAll(async () => {
  platform = await startSqlPlatform();
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
});

const rowsOnly = { database: false } as const;

describe('finding', () => {
  test('gives all that is needed to serve a tenant, by subdomain and by domain', async () => {
    const name = aName();
    const { organizationId, databaseName } = await platform.addTenant(name, {
      ...rowsOnly,
      domains: [`www.${name}.example`],
      schemaVersion: 3,
    });
    await using directory = await aDirectory(platform);
    const tenant = await directory.tenantOf(`${name.toUpperCase()}.Platform.LocalHost.:8080`);
    expect(tenant).toEqual({
      asOf: expect.any(Number),
      organizationId,
      subdomain: name,
      displayName: `Studio ${name}`,
      state: 'active',
      databaseName,
      server: { name: 'main', host: platform.server.host, port: platform.server.port },
      schema: { release: 'studio-3', version: 3 },
      credentials: { namespace: 'studio-tenants', name: `${name}-database`, generation: 1 },
    });
    const later = { ...tenant, asOf: expect.any(Number) };
    expect(await directory.tenantOf(`www.${name}.example`)).toEqual(later);
    const refreshed = await directory.refresh(organizationId);
    expect(refreshed).toEqual(later);
    expect(refreshed?.asOf).toBeGreaterThan(tenant?.asOf ?? Infinity);
  });

  test.each([3_000_000_000, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 0, -1])(
    'knows without asking that %d is no organization, and goes on answering others',
    async (id) => {
      await using directory = await aDirectory(platform);
      const { queries } = directory.stats();
      expect(await directory.refresh(id)).toBeUndefined();
      expect(directory.stats()).toMatchObject({ queries, isMasterAnswering: true });
      expect(await directory.stateOf(hostOf('somebody'))).toBe('unknown');
    },
  );

  test('says that a tenant has no schema and no credentials yet', async () => {
    const name = aName();
    await platform.addTenant(name, { ...rowsOnly, status: 'provisioning', schemaVersion: null });
    await platform.master(
      'UPDATE organizations SET database_password_hash = NULL, secret_namespace = NULL, secret_name = NULL WHERE subdomain = $1',
      [name],
    );
    await using directory = await aDirectory(platform);
    expect(await directory.tenantOf(hostOf(name))).toMatchObject({ state: 'provisioning', schema: undefined, credentials: undefined });
  });

  test('answers at once what is known, and asks nothing for what cannot be a tenant', async () => {
    const name = aName();
    await platform.addTenant(name, rowsOnly);
    await using directory = await aDirectory(platform);
    const first = await directory.find(hostOf(name));
    const nobody = await directory.find(hostOf('nobody'));
    const { queries } = directory.stats();
    expect(directory.find(hostOf(name))).toBe(first);
    expect(directory.find(hostOf('nobody'))).toBe(nobody);
    expect(directory.find(BASE_DOMAIN)).toEqual({ kind: 'platform' });
    expect(directory.find(`a.b.${BASE_DOMAIN}`)).toEqual({ kind: 'unknown', why: 'nested' });
    expect(directory.find('10.0.0.1:80')).toEqual({ kind: 'unknown', why: 'address' });
    expect(directory.find('a_b.example')).toEqual({ kind: 'unknown', why: 'malformed' });
    expect(directory.find('localhost')).toEqual({ kind: 'unknown', why: 'unqualified' });
    expect(directory.stats().queries).toBe(queries);
  });

  test('sends one query for a hundred requests for one host', async () => {
    const name = aName();
    await platform.addTenant(name, rowsOnly);
    await using directory = await aDirectory(platform);
    const found = await Promise.all(Array.from({ length: 100 }, () => directory.tenantOf(hostOf(name))));
    expect(new Set(found.map(({ subdomain }) => subdomain))).toEqual(new Set([name]));
    expect(directory.stats().queries).toBe(1);
  });

  test('asks for many hosts at a time, on two connections and no more', async () => {
    const names = Array.from({ length: 1_500 }, aName);
    await platform.addTenants(names, rowsOnly);
    const sizes: number[] = [];
    await using directory = await aDirectory(platform, {
      maxWaiting: 2_000,
      applicationName: 'two-lanes',
      hooks: { onQuery: (query) => sizes.push(query.names) },
    });
    const found = await Promise.all(names.map((name) => directory.tenantOf(hostOf(name))));
    expect(found.map(({ subdomain }) => subdomain)).toEqual(names);
    expect(sizes).toEqual([500, 500, 500]);
    const sessions = await platform.superuser<{ pid: number }>(`SELECT pid FROM pg_stat_activity WHERE application_name = 'two-lanes'`);
    expect(sessions.length).toBeLessThanOrEqual(2);
  });

  test('keeps what it knows within bounds', async () => {
    const names = Array.from({ length: 300 }, aName);
    await platform.addTenants(names, rowsOnly);
    await using directory = await aDirectory(platform, { maxTenants: 100 });
    for (const name of names) await directory.tenantOf(hostOf(name));
    expect(directory.stats().known).toBe(100);
    expect(await directory.tenantOf(hostOf(names[0]!))).toMatchObject({ subdomain: names[0] });
  });
});

describe('a flood of made-up hosts', () => {
  test('becomes neither a flood of queries nor one of memory, and known tenants are served through it', async () => {
    const name = aName();
    await platform.addTenant(name, rowsOnly);
    await using directory = await aDirectory(platform, { maxUnknown: 1_000, refreshAfterMs: 50 });
    const startedAt = performance.now();
    let made = 0;
    const visitor = async (): Promise<void> => {
      while (made < 20_000) {
        made += 1;
        const states = [await directory.stateOf(hostOf(`made-up-${made}`)), await directory.stateOf(hostOf(name))];
        expect(states).toEqual(['unknown', 'active']);
      }
    };
    await Promise.all(Array.from({ length: 200 }, visitor));
    const seconds = (performance.now() - startedAt) / 1_000;
    const { queries, unknown } = directory.stats();
    expect(unknown).toBe(1_000);
    // A hundred at first, then a hundred a second; and those that a known tenant's verification takes along.
    expect(queries).toBeLessThan(200 + 150 * seconds + 20 * seconds);
    expect(queries).toBeLessThan(20_000 / 10);
  });

  test('is slowed down, also when the hosts come one after the other', async () => {
    await using directory = await aDirectory(platform);
    const startedAt = performance.now();
    for (let made = 0; made < 400; made += 1) expect(await directory.stateOf(hostOf(`one-by-one-${made}`))).toBe('unknown');
    const seconds = (performance.now() - startedAt) / 1_000;
    expect(directory.stats().queries).toBe(400);
    expect(400).toBeLessThan(110 + 105 * seconds);
  });

  test('finds a bounded number of places to wait, and takes none from known tenants', async () => {
    const name = aName();
    await platform.addTenant(name, rowsOnly);
    await using directory = await aDirectory(platform, { maxWaiting: 50 });
    const { organizationId } = await directory.tenantOf(hostOf(name));
    const answers = Array.from({ length: 80 }, (_, index) =>
      Promise.resolve(directory.find(hostOf(`crowd-${index}`))).then(
        ({ kind }) => kind,
        (error: unknown) => error,
      ),
    );
    const refreshed = await directory.refresh(organizationId);
    expect(refreshed).toMatchObject({ subdomain: name });
    const kinds = await Promise.all(answers);
    expect(kinds.filter((kind) => kind === 'unknown')).toHaveLength(50);
    const refused = kinds.filter((kind) => kind !== 'unknown');
    expect(refused).toHaveLength(30);
    for (const error of refused) expect(error).toBeInstanceOf(Overloaded);
  });
});

describe('closing', () => {
  test('ends the connections and whoever waits, and answers nothing any more', async () => {
    const name = aName();
    await platform.addTenant(name, rowsOnly);
    const directory = await aDirectory(platform, { applicationName: 'to-be-closed' });
    await directory.tenantOf(hostOf(name));
    const waiting = Promise.resolve(directory.find(hostOf('somebody')));
    await directory.close();
    await expect(waiting).rejects.toMatchObject({ code: 'directory_unavailable' });
    await expect(directory.find(hostOf(name))).rejects.toMatchObject({ code: 'directory_unavailable' });
    await expect(directory.refresh(1)).rejects.toMatchObject({ code: 'directory_unavailable' });
    await expect.poll(() => platform.superuser(`SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'to-be-closed%'`)).toEqual([]);
  });

  test('before it was ready is told to whoever waits for that', async () => {
    const directory = createTenantDirectory({ master: platform.applicationUrl, baseDomain: BASE_DOMAIN });
    const ready = directory.ready();
    await directory.close();
    await expect(ready).rejects.toMatchObject({ code: 'directory_unavailable' });
  });

  test.each([{ baseDomain: '' }, { baseDomain: 'not a domain' }, { master: 'mysql://x/y' }, { master: 'nonsense' }])(
    'is not needed where the options make no sense: %j',
    (options) => {
      expect(() => createTenantDirectory({ master: platform.applicationUrl, baseDomain: BASE_DOMAIN, ...options })).toThrow();
    },
  );
});
