/*
 * The name a session shows in pg_stat_activity: which leader it belongs to. Separate because the sessions' side and the
 * side that ends a former leader's sessions must agree on it to the byte.
 */
import { createHash } from 'node:crypto';

export const APPLICATION_NAME_PREFIX = 'studio-operator/';

/** PostgreSQL cuts longer ones, and the random end of an identity is what tells two leaders apart. */
const MAX_BYTES = 63;
const HASH_CHARACTERS = 12;

/** @param identity of the leader, as in the Lease */
export function applicationName(identity: string): string {
  const full = `${APPLICATION_NAME_PREFIX}${identity}`;
  const isPlain = /^[\x21-\x7e]+$/.test(identity);
  if (isPlain && full.length <= MAX_BYTES) return full;
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, HASH_CHARACTERS);
  const start = identity.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, MAX_BYTES - APPLICATION_NAME_PREFIX.length - HASH_CHARACTERS - 1);
  return `${APPLICATION_NAME_PREFIX}${start}.${hash}`;
}
