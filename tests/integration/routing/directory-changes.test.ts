// What was known before a change is never answered once the directory has heard of it - whatever changed, and whatever was on its way.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSqlPlatform, type SqlPlatform, type SqlTenant } from '../../../dev/sql-tenants.ts';
import { eventually } from '../../support/eventually.ts';
import { aDirectory, aName, hostOf, type DirectoryUnderTest } from './a-directory.ts';
import { startAnswerGate, type AnswerGate } from './answer-gate.ts';

let platform: SqlPlatform;
let directory: DirectoryUnderTest;
beforeAll(async () => {
  platform = await startSqlPlatform();
  directory = await aDirectory(platform);
});
afterAll(async () => {
  await directory[Symbol.asyncDispose]();
  await platform[Symbol.asyncDispose]();
});

const rowsOnly = { database: false } as const;

/** A tenant that the directory knows. */
async function aKnown(domains: readonly string[] = []): Promise<SqlTenant> {
  const tenant = await platform.addTenant(aName(), { ...rowsOnly, domains });
  for (const host of [hostOf(tenant.subdomain), ...domains]) await directory.tenantOf(host);
  return tenant;
}

const setColumn = (tenant: SqlTenant, change: string) =>
  platform.master(`UPDATE organizations SET ${change} WHERE id = $1`, [tenant.organizationId]);

describe('once heard of', () => {
  test.each(['suspended', 'retained', 'failed', 'provisioning'] as const)(
    'a tenant that is %s is so in the next answer, and back again',
    async (status) => {
      const tenant = await aKnown();
      await directory.hearing(() => platform.setStatus(tenant, status));
      expect(await directory.stateOf(hostOf(tenant.subdomain))).toBe(status);
      await directory.hearing(() => platform.setStatus(tenant, 'active'));
      expect(await directory.stateOf(hostOf(tenant.subdomain))).toBe('active');
    },
  );

  test('an erased tenant is gone, by all its names', async () => {
    const domain = `${aName()}.example`;
    const tenant = await aKnown([domain]);
    await directory.hearing(() => platform.setStatus(tenant, 'deleted'));
    expect(await directory.stateOf(hostOf(tenant.subdomain))).toBe('gone');
    expect(await directory.stateOf(domain)).toBe('gone');
    expect(await directory.refresh(tenant.organizationId)).toBeUndefined();
  });

  test('a new subdomain is found though it was asked for before, and the old one is gone', async () => {
    const tenant = await aKnown();
    const renamed = aName();
    expect(await directory.stateOf(hostOf(renamed))).toBe('unknown');
    await directory.hearing(() => platform.rename(tenant, renamed));
    expect(await directory.tenantOf(hostOf(renamed))).toMatchObject({ organizationId: tenant.organizationId, subdomain: renamed });
    expect(await directory.stateOf(hostOf(tenant.subdomain))).toBe('gone');
    await directory.hearing(() => platform.rename(tenant, tenant.subdomain));
    expect(await directory.tenantOf(hostOf(tenant.subdomain))).toMatchObject({ organizationId: tenant.organizationId });
  });

  test('a subdomain that went to another tenant is the other one’s', async () => {
    const [one, other] = [await aKnown(), await aKnown()];
    await directory.hearing(() => platform.rename(one, aName()));
    await directory.hearing(() => platform.rename(other, one.subdomain));
    expect(await directory.tenantOf(hostOf(one.subdomain))).toMatchObject({ organizationId: other.organizationId });
  });

  test('a domain comes, goes to another tenant, and goes', async () => {
    const [one, other] = [await aKnown(), await aKnown()];
    const domain = `${aName()}.example`;
    expect(await directory.stateOf(domain)).toBe('unknown');
    await directory.hearing(() => platform.setDomains(one, [domain]));
    expect(await directory.tenantOf(domain)).toMatchObject({ organizationId: one.organizationId });
    await directory.hearing(() => platform.setDomains(other, [domain]));
    expect(await directory.tenantOf(domain)).toMatchObject({ organizationId: other.organizationId });
    await directory.hearing(() => platform.setDomains(other, []));
    expect(await directory.stateOf(domain)).toBe('gone');
  });

  test('a new tenant is found though its host was nobody’s a moment ago', async () => {
    const name = aName();
    expect(await directory.stateOf(hostOf(name))).toBe('unknown');
    await directory.hearing(() => platform.addTenant(name, rowsOnly));
    expect(await directory.stateOf(hostOf(name))).toBe('active');
  });

  test.each([
    ['a new password', 'credentials_generation = 2', { credentials: { generation: 2 } }],
    ['another Secret', `secret_name = 'other'`, { credentials: { name: 'other' } }],
    [
      'another server',
      `server_name = 'big', database_host = 'pg-big', database_port = 6432`,
      { server: { name: 'big', host: 'pg-big', port: 6432 } },
    ],
    ['a new schema', `schema_release = 'r9', schema_version = 9`, { schema: { release: 'r9', version: 9 } }],
    ['another name', `display_name = 'Another'`, { displayName: 'Another' }],
  ])('%s is in the next answer', async (_what, change, expected) => {
    const domain = `${aName()}.example`;
    const tenant = await aKnown([domain]);
    await directory.hearing(() => setColumn(tenant, change));
    expect(await directory.tenantOf(hostOf(tenant.subdomain))).toMatchObject(expected);
    expect(await directory.tenantOf(domain)).toMatchObject(expected);
  });

  test('all domains going at once is found out', async () => {
    const domain = `${aName()}.example`;
    await aKnown([domain]);
    await directory.hearing(() => platform.master('TRUNCATE organization_domains'));
    expect(await directory.stateOf(domain)).toBe('gone');
  });

  test('what is not understood makes everything be looked at again', async () => {
    const tenant = await aKnown();
    await platform.master('ALTER TABLE organizations DISABLE TRIGGER organizations_announce_changed');
    await setColumn(tenant, `status = 'suspended'`);
    await platform.master('ALTER TABLE organizations ENABLE TRIGGER organizations_announce_changed');
    expect(await directory.stateOf(hostOf(tenant.subdomain))).toBe('active');
    await directory.hearing(() => platform.master(`SELECT pg_notify('studio_tenants', 'from a newer version')`));
    expect(await directory.stateOf(hostOf(tenant.subdomain))).toBe('suspended');
  });

  test('a change of one tenant costs the others nothing', async () => {
    const [one, other] = [await aKnown(), await aKnown()];
    await directory.hearing(() => platform.setStatus(one, 'suspended'));
    const { queries } = directory.stats();
    expect(directory.find(hostOf(other.subdomain))).toMatchObject({ kind: 'tenant' });
    expect(directory.stats().queries).toBe(queries);
  });
});

describe('whoever wants to know of changes', () => {
  test('is told when the old state is forgotten already, until it stops', async () => {
    const tenant = await aKnown();
    const told: (number | undefined)[] = [];
    const answers: unknown[] = [];
    const stop = directory.onChange((id) => {
      told.push(id);
      answers.push(directory.find(hostOf(tenant.subdomain)));
    });
    await directory.hearing(() => platform.setStatus(tenant, 'suspended'));
    expect(told[0]).toBe(tenant.organizationId);
    const times = told.length;
    expect(await answers[0]).toMatchObject({ tenant: { state: 'suspended' } });
    stop();
    await directory.hearing(() => platform.setStatus(tenant, 'active'));
    expect(told).toHaveLength(times);
  });

  test('does not stop the directory by its own mistakes', async () => {
    const tenant = await aKnown();
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    const stop = directory.onChange(() => {
      throw new Error('of the listener');
    });
    await directory.hearing(() => platform.setStatus(tenant, 'suspended'));
    stop();
    expect(await directory.stateOf(hostOf(tenant.subdomain))).toBe('suspended');
    await eventually(() => warnings.some(({ message }) => message === 'of the listener'));
    process.off('warning', warned);
  });
});

describe('an answer that was on its way during a change', () => {
  let gate: AnswerGate;
  let gated: DirectoryUnderTest;
  beforeAll(async () => {
    gate = await startAnswerGate(platform.server);
    gated = await aDirectory({ applicationUrl: gate.through(platform.applicationUrl) });
    // The listener's connection is the first; the one for queries is there from now on.
    await gated.stateOf(hostOf(aName()));
  });
  afterAll(async () => {
    await gated[Symbol.asyncDispose]();
    await gate[Symbol.asyncDispose]();
  });

  /** Asks, makes a change while the answer is at the gate and the change is heard of, and lets the answer pass. */
  async function overtaken<T>(ask: () => Promise<T>, change: () => Promise<unknown>): Promise<T> {
    await gated.hearing(() => Promise.resolve());
    gate.hold();
    const answer = ask();
    await eventually(() => gate.held > 0);
    await gated.hearing(change);
    gate.release();
    return await answer;
  }

  test('is not given: a suspension', async () => {
    const tenant = await platform.addTenant(aName(), rowsOnly);
    const host = hostOf(tenant.subdomain);
    expect(
      await overtaken(
        () => gated.stateOf(host),
        () => platform.setStatus(tenant, 'suspended'),
      ),
    ).toBe('suspended');
    expect(await gated.stateOf(host)).toBe('suspended');
  });

  test('is not given: a host that was nobody’s', async () => {
    const name = aName();
    const state = await overtaken(
      () => gated.stateOf(hostOf(name)),
      () => platform.addTenant(name, { ...rowsOnly, status: 'suspended' }),
    );
    expect(state).not.toBe('unknown');
  });

  test('is not given: a domain that went to another tenant', async () => {
    const [one, other] = await platform.addTenants([aName(), aName()], rowsOnly);
    const domain = `${aName()}.example`;
    await platform.setDomains(one!, [domain]);
    const tenant = await overtaken(
      () => gated.tenantOf(domain),
      () => platform.setDomains(other!, [domain]),
    );
    expect(tenant.organizationId).toBe(other!.organizationId);
  });

  test('is not given: an erasure', async () => {
    const tenant = await platform.addTenant(aName(), rowsOnly);
    const host = hostOf(tenant.subdomain);
    expect(
      await overtaken(
        () => gated.stateOf(host),
        () => platform.setStatus(tenant, 'deleted'),
      ),
    ).not.toBe('active');
  });

  test('is not given to who asks for a tenant by its number', async () => {
    const tenant = await platform.addTenant(aName(), rowsOnly);
    const fresh = await overtaken(
      () => gated.refresh(tenant.organizationId),
      () => platform.setStatus(tenant, 'suspended'),
    );
    expect(fresh).toMatchObject({ state: 'suspended' });
  });

  test('is not given to who asks by number after it was read, though no change was heard of', async () => {
    const tenant = await platform.addTenant(aName(), rowsOnly);
    await gated.hearing(() => Promise.resolve());
    gate.hold();
    const early = gated.refresh(tenant.organizationId);
    await eventually(() => gate.held > 0);
    await platform.master('ALTER TABLE organizations DISABLE TRIGGER organizations_announce_changed');
    await setColumn(tenant, `status = 'suspended'`);
    await platform.master('ALTER TABLE organizations ENABLE TRIGGER organizations_announce_changed');
    const late = gated.refresh(tenant.organizationId);
    gate.release();
    await early;
    expect(await late).toMatchObject({ state: 'suspended' });
  });

  test('is not given when the change itself could not be heard', async () => {
    const tenant = await platform.addTenant(aName(), rowsOnly);
    const host = hostOf(tenant.subdomain);
    gate.hold();
    const answer = gated.stateOf(host);
    await eventually(() => gate.held > 0);
    await platform.superuser(`ALTER ROLE studio_app NOLOGIN`);
    await platform.superuser(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'studio-routing listener'`);
    await eventually(() => !gated.stats().isListening);
    await platform.setStatus(tenant, 'suspended');
    gate.release();
    expect(await answer).toBe('suspended');
    await platform.superuser(`ALTER ROLE studio_app LOGIN`);
    await eventually(() => gated.stats().isListening && directory.stats().isListening);
  });
});
