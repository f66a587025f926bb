// Whoever answers at an address may ask for the password. It is proven by SCRAM, and shown to nobody whose certificate was not verified.

import { expect, test } from 'vitest';
import { openMasterDatabase } from '../../../src/app/credits/master-database.ts';
import { createTenantDirectory } from '../../../src/routing/directory/create-directory.ts';
import { createTenantPools } from '../../../src/routing/pools/tenant-pools.ts';
import type { Tenant } from '../../../src/routing/tenant.ts';
import { passwordAskingServer, type PasswordMethod } from '../../support/password-asking-server.ts';
import { BASE_DOMAIN, hostOf } from './a-directory.ts';

const METHODS: readonly PasswordMethod[] = ['cleartext', 'md5', 'cleartext after SCRAM', 'md5 after SCRAM'];
const PASSWORD = 'a-password-of-no-use';

const masterUrl = (port: number): string => `postgresql://studio_app:${PASSWORD}@127.0.0.1:${port}/master`;

/** What connects, and rejects because it cannot. */
const WHO: Readonly<Record<string, (port: number) => Promise<unknown>>> = {
  'the directory': async (port) => {
    const directory = createTenantDirectory({ master: masterUrl(port), baseDomain: BASE_DOMAIN });
    try {
      return await directory.find(hostOf('studio'));
    } finally {
      await directory.close();
    }
  },
  'the application, for credits': async (port) => {
    const master = openMasterDatabase({ url: masterUrl(port) }, () => undefined);
    try {
      return await master.query('SELECT 1');
    } finally {
      await master.close();
    }
  },
  'the pools': async (port) => {
    const pools = createTenantPools({
      credentials: { get: async () => await Promise.resolve({ username: 'studio_1_db', password: PASSWORD, database: 'studio_1_db' }) },
      acquireTimeoutMs: 200,
    });
    const tenant: Tenant = {
      organizationId: 1,
      subdomain: 'studio',
      displayName: 'Studio',
      state: 'active',
      databaseName: 'studio_1_db',
      server: { name: 'greedy', host: '127.0.0.1', port },
      schema: undefined,
      credentials: { namespace: 'studios', name: 'studio-database', generation: 1 },
    };
    try {
      return await pools.query(tenant, 'SELECT 1');
    } finally {
      await pools.close();
    }
  },
};

const CASES = Object.keys(WHO).flatMap((who) => METHODS.map((method) => ({ who, method })));

test.each(CASES)('$who shows no password to a server that asks for it by $method', async ({ who, method }) => {
  await using greedy = await passwordAskingServer(method);
  // `md5` and a hash of 32 digits is as good as the password.
  const shown = new RegExp(`${PASSWORD}|md5[0-9a-f]{32}`);

  await expect(WHO[who]!(greedy.port)).rejects.toMatchObject({ message: expect.any(String) as string });

  expect(greedy.startUps.length).toBeGreaterThan(0);
  expect(greedy.heard()).not.toMatch(shown);
});
