// Makes many hosts known to a directory, no more of them at a time than it lets wait.

import type { TenantDirectory } from '../../src/routing/index.ts';

const AT_ONCE = 500;

/** Rejects when one of them is no tenant. */
export const findAll = async (directory: TenantDirectory, hosts: readonly string[]): Promise<void> => {
  for (let first = 0; first < hosts.length; first += AT_ONCE) {
    await Promise.all(hosts.slice(first, first + AT_ONCE).map(async (host) => await found(directory, host)));
  }
};

export const found = async (directory: TenantDirectory, host: string): Promise<void> => {
  const { kind } = await directory.find(host);
  if (kind !== 'tenant') throw new Error(`${host} is ${kind}, not a tenant`);
};
