// A small platform with one tenant in every state, and servers in front of it: what the tests of routing ask by real requests.

import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { startSqlPlatform, type SqlPlatform, type SqlTenant } from '../../../dev/sql-tenants.ts';
import { createTenantRouting, type TenantRouting, type TenantRoutingOptions } from '../../../src/routing/index.ts';

export const BASE_DOMAIN = 'platform.example';
export const MINIMUM_RELEASE = 7;

export interface World extends AsyncDisposable {
  readonly platform: SqlPlatform;
  /** Active, with a session each that names it. */
  readonly one: SqlTenant;
  readonly two: SqlTenant;
  /** Makes a routing that ends with the world. */
  routing(options?: Partial<TenantRoutingOptions>): TenantRouting;
}

export const startWorld = async (): Promise<World> => {
  const platform = await startSqlPlatform();
  const made: TenantRouting[] = [];
  const [one, two] = await addTenants(platform);
  return {
    platform,
    one,
    two,
    routing: (options = {}) => {
      const { applicationUrl: master, credentials } = platform;
      const routing = createTenantRouting({ master, baseDomain: BASE_DOMAIN, credentials, minimumRelease: MINIMUM_RELEASE, ...options });
      made.push(routing);
      return routing;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(made.map((routing) => routing.close()));
      await platform[Symbol.asyncDispose]();
    },
  };
};

const addTenants = async (platform: SqlPlatform): Promise<[SqlTenant, SqlTenant]> => {
  const current = { schemaVersion: MINIMUM_RELEASE };
  const domains = ['booking.one.test', 'xn--bcher-kva.test'];
  const one = await platform.addTenant('one', { ...current, domains, displayName: 'Studio <One> & "Co"' });
  const two = await platform.addTenant('two', current);
  for (const { subdomain, databaseName } of [one, two]) {
    await platform.superuser('INSERT INTO sessions (title) VALUES ($1)', [`${subdomain}'s session`], databaseName);
  }
  const rowsOnly = { ...current, database: false };
  await platform.addTenant('early', { ...rowsOnly, status: 'provisioning', schemaVersion: null });
  await platform.addTenant('paused', { ...rowsOnly, status: 'suspended', domains: ['paused.test'] });
  await platform.addTenant('kept', { ...rowsOnly, status: 'retained' });
  await platform.addTenant('broken', { ...rowsOnly, status: 'failed' });
  await platform.addTenant('behind', { ...rowsOnly, schemaVersion: MINIMUM_RELEASE - 1 });
  await platform.addTenant('unmigrated', { ...rowsOnly, schemaVersion: null });
  return [one, two];
};

/** Listens on 127.0.0.1 on a port of the kernel's choice. */
export const listen = async (server: Server): Promise<{ readonly port: number } & AsyncDisposable> => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
