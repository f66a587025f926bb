// TLS to tenants' databases: as their credentials say, for connections and for cancelling.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Credentials } from '../../../src/routing/credentials/provider.ts';
import { createTenantPools } from '../../../src/routing/pools/tenant-pools.ts';
import type { TenantPools } from '../../../src/routing/pools/types.ts';
import type { Tenant } from '../../../src/routing/tenant.ts';
import { type Authority, newAuthority } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { serveTls } from '../../support/server-tls.ts';
import { startTenantServer, type TenantServer } from '../../support/tenant-server.ts';

let world: TenantServer;
let authority: Authority;
let pools: TenantPools;
let tenant: Tenant;

beforeAll(async () => {
  world = await startTenantServer(1);
  authority = await newAuthority();
  await serveTls((sql) => world.superuser(sql), await authority.issue('localhost'));
  tenant = { ...world.tenants[0]!, server: { ...world.tenants[0]!.server, host: 'localhost' } };
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});
afterEach(async () => {
  await pools.close();
});

const open = (tls: () => Partial<Credentials>, options = {}): void => {
  pools = createTenantPools({
    credentials: { get: async () => ({ ...world.secrets.get(1)!, ...tls() }) },
    acquireTimeoutMs: 2_000,
    ...options,
  });
};
const encrypted = async (at: Tenant): Promise<unknown> =>
  (await pools.query(at, 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).rows[0]?.['ssl'];

describe('a connection', () => {
  it('is encrypted as sslmode says, and verified', async () => {
    for (const [sslmode, expected] of [
      ['disable', false],
      ['require', true],
      ['verify-ca', true],
      ['verify-full', true],
    ] as const) {
      open(() => ({ sslmode, ca: authority.certificate }));
      expect([sslmode, await encrypted(tenant)]).toEqual([sslmode, expected]);
      await pools.close();
    }
  });

  it('is refused to a server whose certificate is another’s, and no password is tried', async () => {
    open(() => ({ sslmode: 'verify-full', ca: authority.certificate }));
    const byAddress = { ...tenant, server: { ...tenant.server, host: '127.0.0.1' } };
    await expect(encrypted(byAddress)).rejects.toMatchObject({
      code: 'tenant_unavailable',
      cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
    await pools.close();
    const { certificate } = await newAuthority();
    open(() => ({ sslmode: 'verify-ca', ca: certificate }));
    await expect(encrypted(tenant)).rejects.toMatchObject({ code: 'tenant_unavailable' });
  });

  it('finds a renewed authority by reading the credentials again', async () => {
    let ca = (await newAuthority()).certificate;
    open(() => ({ sslmode: 'verify-full', ca }));
    const request = encrypted(tenant);
    await eventually(() => pools.stats().counts.failed > 0);
    ca = authority.certificate;
    expect(await request).toBe(true);
  });

  it('has its statement cancelled over TLS as well', async () => {
    open(() => ({ sslmode: 'verify-full', ca: authority.certificate }), { queryTimeoutMs: 200 });
    await expect(pools.query(tenant, 'SELECT pg_sleep(30)')).rejects.toMatchObject({ code: 'tenant_unavailable' });
    await eventually(async () => (await world.sessions()).length === 0, { timeoutMs: 5_000 });
  });
});
