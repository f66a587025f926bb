/*
 * What can be asked of the master database in one query. Separate and pure: how a name is looked up depends on its form.
 */

/** A host's key, or an organization's id. */
export type Name = string | number;

/** The largest `integer` of PostgreSQL. */
const LARGEST_ID = 2_147_483_647;

/** Organizations are counted from 1. */
export const couldBeOrganization = (id: number): boolean => Number.isInteger(id) && id >= 1 && id <= LARGEST_ID;

export interface Question {
  readonly labels: readonly string[];
  readonly domains: readonly string[];
  readonly ids: readonly number[];
}

export function questionOf(names: readonly Name[]): Question {
  const hosts = names.filter((name) => typeof name === 'string');
  return {
    labels: hosts.filter((host) => !isDomain(host)),
    domains: hosts.filter(isDomain),
    ids: names.filter((name) => typeof name === 'number'),
  };
}

/** A custom domain has a dot, a label has none. */
const isDomain = (host: string): boolean => host.includes('.');
