import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTenantPools } from '../../../src/routing/pools/tenant-pools.ts';
import { eventually } from '../../support/eventually.ts';
import { startTenantServer, type TenantServer } from '../../support/tenant-server.ts';

let world: TenantServer;
beforeAll(async () => {
  world = await startTenantServer(6);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const database = 'SELECT current_database() AS name';

describe('pools of tenants', () => {
  it('run a statement in its tenant’s database, on one connection again and again', async () => {
    const pools = createTenantPools({ credentials: world.credentials });
    const [first, second] = world.tenants;
    for (let round = 0; round < 5; round += 1) {
      expect((await pools.query(first!, database)).rows).toEqual([{ name: 'studio_1_db' }]);
      expect((await pools.query(second!, 'SELECT current_database() AS name WHERE $1', [true])).rows).toEqual([{ name: 'studio_2_db' }]);
    }
    expect(pools.stats()).toMatchObject({ pools: 2, connections: 2, idle: 2, busy: 0, waiting: 0, counts: { opened: 2 } });
    await pools.close();
    expect(pools.stats()).toMatchObject({ pools: 0, connections: 0 });
    await eventually(async () => (await world.sessions()).length === 0);
  });

  it('pass a statement’s own errors on and keep the connection', async () => {
    const pools = createTenantPools({ credentials: world.credentials });
    const [first] = world.tenants;
    await expect(pools.query(first!, 'SELECT 1/0')).rejects.toMatchObject({ code: '22012', name: 'error' });
    await expect(pools.query(first!, 'SELECT $1::int', ['x'])).rejects.toMatchObject({ code: '22P02' });
    await expect(pools.query(first!, 'SELECT $1::int', 'x' as never)).rejects.toThrow('Query values must be an array');
    await expect(pools.query(first!, undefined as never)).rejects.toThrow(TypeError);
    expect((await pools.query(first!, database)).rows).toHaveLength(1);
    expect(pools.stats()).toMatchObject({ connections: 1, idle: 1, counts: { opened: 1 } });
    await pools.close();
  });
});
