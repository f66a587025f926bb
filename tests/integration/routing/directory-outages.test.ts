// What the directory answers while it cannot hear, cannot ask, or neither: never an older state as if it were certain, never "nobody" for
// want of an answer, and no request waits for what another one has waited for already.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startSqlPlatform, type SqlPlatform, type SqlTenant } from '../../../dev/sql-tenants.ts';
import { createTenantDirectory } from '../../../src/routing/directory/create-directory.ts';
import type { TenantDirectory } from '../../../src/routing/directory/directory.ts';
import { DirectoryUnavailable } from '../../../src/routing/errors.ts';
import { eventually } from '../../support/eventually.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { aDirectory, aName, BASE_DOMAIN, hostOf, type DirectoryUnderTest } from './a-directory.ts';

let platform: SqlPlatform;
let tenant: SqlTenant;
let host: string;
beforeAll(async () => {
  platform = await startSqlPlatform();
});
beforeEach(async () => {
  tenant = await platform.addTenant(aName(), { database: false });
  host = hostOf(tenant.subdomain);
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
});

/** The master database is away during `work`, and back afterwards. */
async function whileStopped(work: () => Promise<unknown>): Promise<void> {
  await platform.server.halt();
  try {
    await work();
  } finally {
    await platform.server.resume();
  }
}

const isDeaf = (directory: DirectoryUnderTest) => eventually(() => !directory.stats().isListening);
const isBack = (directory: DirectoryUnderTest) => eventually(() => directory.stats().isListening && directory.stats().isMasterAnswering);

/** A change that nobody is told of. */
async function quietly(change: string): Promise<void> {
  await platform.master('ALTER TABLE organizations DISABLE TRIGGER organizations_announce_changed');
  await platform.master(`UPDATE organizations SET ${change} WHERE id = $1`, [tenant.organizationId]);
  await platform.master('ALTER TABLE organizations ENABLE TRIGGER organizations_announce_changed');
}

const endListener = () =>
  platform.superuser(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'studio-routing listener'`);

const isUnavailable = { code: 'directory_unavailable', httpStatus: 503 } as const;

describe('when the listening connection is ended', () => {
  test('changes are seen all the same, and heard of again afterwards', async () => {
    const lost: unknown[] = [];
    await using directory = await aDirectory(platform, { hooks: { onListeningLost: (error) => lost.push(error) } });
    await directory.tenantOf(host);
    // Queries go on over the connection that is there; a new one, for listening, is refused.
    await platform.superuser('ALTER ROLE studio_app NOLOGIN');
    await endListener();
    await eventually(() => !directory.stats().isListening);
    expect(lost).toHaveLength(1);
    await platform.setStatus(tenant, 'suspended');
    expect(await directory.stateOf(host)).toBe('suspended');
    await platform.setStatus(tenant, 'active');
    // Answers are good for a second only while nothing is heard.
    await eventually(async () => (await directory.stateOf(host)) === 'active', { timeoutMs: 5_000 });
    await platform.superuser('ALTER ROLE studio_app LOGIN');
    await eventually(() => directory.stats().isListening);
    await directory.hearing(() => platform.setStatus(tenant, 'suspended'));
    expect(await directory.stateOf(host)).toBe('suspended');
  });

  test('what was known before is verified once there is a new one', async () => {
    await using directory = await aDirectory(platform);
    await directory.tenantOf(host);
    await quietly(`status = 'suspended'`);
    expect(await directory.stateOf(host)).toBe('active');
    const told: (number | undefined)[] = [];
    directory.onChange((id) => told.push(id));
    await endListener();
    // One is told when the ear is lost, and once more when it is back.
    await eventually(() => told.length === 2 && directory.stats().isListening);
    expect(told).toEqual([undefined, undefined]);
    expect(await directory.stateOf(host)).toBe('suspended');
  });
});

describe('when the network falls silent', () => {
  test('known tenants are served as last seen, others not at all, and all is looked at again afterwards', async () => {
    await using proxy = await startTcpProxy(platform.server);
    const url = new URL(platform.applicationUrl);
    url.port = String(proxy.port);
    await using directory = await aDirectory({ applicationUrl: url.href }, { lookupTimeoutMs: 500 });
    await directory.tenantOf(host);
    proxy.freeze();
    await eventually(() => !directory.stats().isListening);
    await platform.setStatus(tenant, 'suspended');
    expect(await directory.stateOf(host)).toBe('active');
    expect(directory.stats().stale).toBeGreaterThan(0);
    await expect(directory.find(hostOf('somebody'))).rejects.toMatchObject(isUnavailable);
    proxy.thaw();
    await eventually(() => directory.stats().isListening && directory.stats().isMasterAnswering);
    expect(await directory.stateOf(host)).toBe('suspended');
    expect(await directory.stateOf(hostOf('somebody'))).toBe('unknown');
  });

  test('the connection that listens is not trusted for longer, however much time lookups have', async () => {
    await using proxy = await startTcpProxy(platform.server);
    const url = new URL(platform.applicationUrl);
    url.port = String(proxy.port);
    await using directory = await aDirectory({ applicationUrl: url.href }, { lookupTimeoutMs: 300_000 });
    proxy.freeze();
    await eventually(() => !directory.stats().isListening);
  });
});

describe('while the master database is stopped', () => {
  test('known tenants are served, and nobody is told that a tenant does not exist', async () => {
    const hooks: string[] = [];
    await using directory = await aDirectory(platform, {
      hooks: { onMasterLost: () => hooks.push('lost'), onMasterBack: () => hooks.push('back') },
    });
    await directory.tenantOf(host);
    await whileStopped(async () => {
      await isDeaf(directory);
      for (let time = 0; time < 3; time += 1) {
        expect(await directory.stateOf(host)).toBe('active');
        await expect(directory.find(hostOf('somebody'))).rejects.toMatchObject(isUnavailable);
      }
      await expect(directory.refresh(tenant.organizationId)).rejects.toMatchObject(isUnavailable);
    });
    await isBack(directory);
    expect(await directory.stateOf(hostOf('somebody'))).toBe('unknown');
    expect(hooks).toEqual(['lost', 'back']);
  });

  test('what changed unheard is found out when it is back', async () => {
    await using directory = await aDirectory(platform);
    await directory.tenantOf(host);
    await whileStopped(async () => {
      await isDeaf(directory);
      expect(await directory.stateOf(host)).toBe('active');
    });
    await quietly(`status = 'suspended'`);
    await isBack(directory);
    expect(await directory.stateOf(host)).toBe('suspended');
  });

  test('no request waits for an answer that another one did not get', async () => {
    await using directory = await aDirectory(platform);
    await directory.tenantOf(host);
    await whileStopped(async () => {
      await isDeaf(directory);
      await expect(directory.find(hostOf('first'))).rejects.toMatchObject(isUnavailable);
      const { queries } = directory.stats();
      const refusals = Array.from({ length: 2_000 }, async (_, index) => await directory.find(hostOf(`next-${index}`)));
      const settled = await Promise.allSettled(refusals);
      expect(settled.every(({ status }) => status === 'rejected')).toBe(true);
      // Synchronously: the circuit is open.
      expect(directory.find(host)).toMatchObject({ kind: 'tenant' });
      // No more than what probes may have asked meanwhile.
      expect(directory.stats().queries - queries).toBeLessThan(5);
      expect(directory.stats().unknown).toBe(0);
    });
  });

  test('known tenants are served for so long and no longer', async () => {
    await using directory = await aDirectory(platform, { servedStaleForMs: 5_000 });
    await directory.tenantOf(host);
    await whileStopped(async () => {
      await isDeaf(directory);
      expect(await directory.stateOf(host)).toBe('active');
      const refused = async () => await directory.stateOf(host).catch((error: unknown) => error instanceof DirectoryUnavailable);
      await eventually(async () => (await refused()) === true);
    });
  });

  test('a tenant that is known to have changed is not served as it was', async () => {
    await using directory = await aDirectory(platform);
    await directory.tenantOf(host);
    await directory.hearing(() => platform.setStatus(tenant, 'suspended'));
    await whileStopped(async () => {
      await isDeaf(directory);
      await expect(directory.find(host)).rejects.toMatchObject(isUnavailable);
    });
  });

  test('a directory can be started, and is ready when it is back', async () => {
    let directory: TenantDirectory | undefined;
    await whileStopped(async () => {
      directory = createTenantDirectory({ master: platform.applicationUrl, baseDomain: BASE_DOMAIN });
      await expect(directory.find(host)).rejects.toMatchObject(isUnavailable);
    });
    await directory?.ready();
    await eventually(() => directory?.stats().isMasterAnswering);
    expect(await directory?.find(host)).toMatchObject({ kind: 'tenant' });
    await directory?.close();
  });

  test('or has crashed, known tenants are served', async () => {
    await using directory = await aDirectory(platform);
    await directory.tenantOf(host);
    // These servers are fast because they forget what no checkpoint has saved.
    await platform.superuser('CHECKPOINT');
    await platform.server.crash();
    expect(await directory.stateOf(host)).toBe('active');
    await platform.server.resume();
    await isBack(directory);
    expect(await directory.stateOf(host)).toBe('active');
  });
});

describe('the net under notifications', () => {
  test('finds a change that nobody was told of, without anybody waiting for it', async () => {
    await using directory = await aDirectory(platform, { refreshAfterMs: 400 });
    await directory.tenantOf(host);
    await quietly(`status = 'suspended'`);
    await eventually(async () => (await directory.stateOf(host)) === 'suspended', { intervalMs: 10 });
    const { misses } = directory.stats();
    // Asked for again and again, it is verified in the background before its time is over.
    const { queries } = directory.stats();
    await eventually(async () => (await directory.stateOf(host)) === 'suspended' && directory.stats().queries > queries + 2, {
      intervalMs: 5,
    });
    expect(directory.stats().misses).toBe(misses);
  });

  test('lets nobody be nobody for longer than was agreed', async () => {
    await using directory = await aDirectory(platform, { unknownTtlMs: 200 });
    await platform.master('ALTER TABLE organizations DISABLE TRIGGER organizations_announce_changed');
    expect(await directory.stateOf(hostOf('latecomer'))).toBe('unknown');
    await platform.rename(tenant, 'latecomer');
    await platform.master('ALTER TABLE organizations ENABLE TRIGGER organizations_announce_changed');
    await eventually(async () => (await directory.stateOf(hostOf('latecomer'))) === 'active');
  });

  test('survives the loss of the connection for queries', async () => {
    await using directory = await aDirectory(platform);
    await directory.tenantOf(host);
    await platform.superuser(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'studio-routing'`);
    expect(await directory.stateOf(hostOf('somebody'))).toBe('unknown');
    expect(directory.stats().isMasterAnswering).toBe(true);
  });

  test('says what is wrong when the login was never granted anything', async () => {
    const errors: unknown[] = [];
    await using directory = await aDirectory(platform, { hooks: { onMasterLost: (error) => errors.push(error) } });
    await platform.master('REVOKE SELECT ON tenant_routes FROM studio_app');
    await expect(directory.find(host)).rejects.toMatchObject(isUnavailable);
    expect(errors).toMatchObject([{ code: '42501' }]);
    await platform.master(`SELECT grant_application('studio_app')`);
    await eventually(() => directory.stats().isMasterAnswering);
    expect(await directory.stateOf(host)).toBe('active');
  });
});
