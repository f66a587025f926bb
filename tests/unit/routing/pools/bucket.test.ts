// What a tenant's pool takes for news, when requests that began at different times ask at the same time.

import { describe, expect, it } from 'vitest';
import { Bucket } from '../../../../src/routing/pools/bucket.ts';
import { ServerSlots } from '../../../../src/routing/pools/server-slots.ts';
import type { Tenant } from '../../../../src/routing/tenant.ts';

const tenantAt = (host: string, generation: number, asOf?: number): Tenant => ({
  organizationId: 1,
  subdomain: 'one',
  displayName: 'One',
  state: 'active',
  databaseName: 'studio_1_db',
  server: { name: 'main', host, port: 5432 },
  schema: undefined,
  credentials: { namespace: 'n', name: 's', generation },
  ...(asOf === undefined ? {} : { asOf }),
});
const bucketOf = (tenant: Tenant): Bucket => new Bucket(tenant, new ServerSlots('main', 10));

describe('a pool that is told of its tenant', () => {
  it('follows it to another address, and does not go back with any request that began before', () => {
    const bucket = bucketOf(tenantAt('old', 1, 10));
    expect(bucket.learn(tenantAt('new', 1, 20))).toBe('moved');
    // By another host name of the tenant, read before it moved: an object of its own.
    expect(bucket.learn(tenantAt('old', 1, 15))).toBe('nothing');
    expect(bucket.tenant.server.host).toBe('new');
    expect(bucket.learn(tenantAt('new', 1, 20))).toBe('nothing');
    expect(bucket.learn(tenantAt('old', 1, 30))).toBe('moved');
  });

  it('remembers how new the newest reading was, though it brought no news', () => {
    const bucket = bucketOf(tenantAt('old', 1, 10));
    expect(bucket.learn(tenantAt('old', 1, 30))).toBe('nothing');
    expect(bucket.learn(tenantAt('other', 1, 20))).toBe('nothing');
    expect(bucket.tenant.server.host).toBe('old');
  });

  it('reads a newer password once, and none for an older one', () => {
    const bucket = bucketOf(tenantAt('old', 1, 10));
    expect(bucket.learn(tenantAt('old', 2, 20))).toBe('renewed');
    expect(bucket.learn(tenantAt('old', 1, 10))).toBe('nothing');
    expect(bucket.learn(tenantAt('old', 2, 30))).toBe('nothing');
  });

  it('goes by generation and by what it knew before, where tenants do not say of when they are', () => {
    const before = tenantAt('old', 1);
    const bucket = bucketOf(before);
    expect(bucket.learn(tenantAt('new', 2))).toBe('moved');
    expect(bucket.learn(before)).toBe('nothing');
    expect(bucket.learn(tenantAt('third', 1))).toBe('nothing');
    expect(bucket.tenant.server.host).toBe('new');
  });
});
