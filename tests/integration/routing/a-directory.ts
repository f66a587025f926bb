// A directory that a test has for itself, and what tests ask of one.

import type { SqlPlatform } from '../../../dev/sql-tenants.ts';
import { createTenantDirectory, type DirectoryOptions } from '../../../src/routing/directory/create-directory.ts';
import type { Resolution, TenantDirectory } from '../../../src/routing/directory/directory.ts';
import type { Tenant } from '../../../src/routing/tenant.ts';
import { eventually } from '../../support/eventually.ts';
import { queryAs } from '../../support/postgres.ts';

export const BASE_DOMAIN = 'platform.localhost';

export interface DirectoryUnderTest extends TenantDirectory, AsyncDisposable {
  /** The tenant of a host; fails the test when it has none. */
  tenantOf(host: string): Promise<Tenant>;
  /** `unknown`, `gone` or the tenant's state. */
  stateOf(host: string): Promise<string>;
  /** Makes a change and waits until the directory has heard of it, and of all before it. */
  hearing(change: () => Promise<unknown>): Promise<void>;
}

/** As the application's login; `await using` closes it. Hears of changes when it is returned. */
export async function aDirectory(
  platform: Pick<SqlPlatform, 'applicationUrl'>,
  options: Partial<DirectoryOptions> = {},
): Promise<DirectoryUnderTest> {
  const directory = createTenantDirectory({ master: platform.applicationUrl, baseDomain: BASE_DOMAIN, ...options });
  await directory.ready();
  return {
    find: (host) => directory.find(host),
    refresh: (id) => directory.refresh(id),
    onChange: (listener) => directory.onChange(listener),
    stats: () => directory.stats(),
    ready: () => directory.ready(),
    close: () => directory.close(),
    async tenantOf(host) {
      const resolution = await directory.find(host);
      if (resolution.kind !== 'tenant') throw new Error(`${host} is ${resolution.kind}`);
      return resolution.tenant;
    },
    async stateOf(host) {
      return stateIn(await directory.find(host));
    },
    async hearing(change) {
      await change();
      await caughtUp(directory, platform.applicationUrl);
    },
    [Symbol.asyncDispose]: () => directory.close(),
  };
}

let marks = 0;

/** Notifications arrive in the order of commits: when one about nobody has, so have those before it. */
async function caughtUp(directory: TenantDirectory, applicationUrl: string): Promise<void> {
  marks -= 1;
  const mark = marks;
  let isHeard = false;
  const stop = directory.onChange((id) => {
    isHeard ||= id === mark;
  });
  await queryAs(applicationUrl, 'SELECT pg_notify($1, $2)', ['studio_tenants', JSON.stringify({ organization: mark })]);
  await eventually(() => isHeard, { intervalMs: 2 });
  stop();
}

export const hostOf = (subdomain: string): string => `${subdomain}.${BASE_DOMAIN}`;

const stateIn = (resolution: Resolution): string => (resolution.kind === 'tenant' ? resolution.tenant.state : resolution.kind);

let names = 0;
/** A subdomain that no other test of this process uses. */
export const aName = (): string => {
  names += 1;
  return `studio-${names}`;
};
