// Behind a transaction pooler LISTEN succeeds, and nothing is ever heard. The directory must notice, say so, and be right all the same.

import { describe, expect, test } from 'vitest';
import { startSqlPlatform } from '../../../dev/sql-tenants.ts';
import { createTenantDirectory } from '../../../src/routing/directory/create-directory.ts';
import { eventually } from '../../support/eventually.ts';
import { pgBouncerProgram, startPgBouncer } from '../../support/pgbouncer.ts';
import { aName, BASE_DOMAIN, hostOf } from './a-directory.ts';

const program = pgBouncerProgram();

describe.skipIf(program === undefined)('a master database behind PgBouncer in transaction mode', () => {
  test('is asked, and not believed to be heard', async () => {
    await using platform = await startSqlPlatform();
    await platform.superuser(`CREATE ROLE pooler SUPERUSER LOGIN PASSWORD 'pooler'`);
    await using bouncer = await startPgBouncer(program!, { port: platform.server.port, authUser: { name: 'pooler', password: 'pooler' } });
    const url = new URL(platform.applicationUrl);
    url.port = String(bouncer.port);
    const tenant = await platform.addTenant(aName(), { database: false });
    const lost: unknown[] = [];
    const directory = createTenantDirectory({
      master: url.href,
      baseDomain: BASE_DOMAIN,
      hooks: { onListeningLost: (error) => lost.push(error) },
    });
    await eventually(() => lost.length > 0);
    expect(lost).toEqual([expect.objectContaining({ message: expect.stringContaining('pooler') })]);
    expect(await directory.find(hostOf(tenant.subdomain))).toMatchObject({ tenant: { state: 'active' } });
    await platform.setStatus(tenant, 'suspended');
    await eventually(async () => {
      const found = await directory.find(hostOf(tenant.subdomain));
      return found.kind === 'tenant' && found.tenant.state === 'suspended';
    });
    expect(directory.stats().isListening).toBe(false);
    await directory.close();
  });
});
