/**
 * Does a live object still hold what was asked for? Separate because Secrets and Ingresses ask the same question.
 * What others added beside our fields does not count: server-side apply leaves it to them.
 */
import { createHash } from 'node:crypto';

type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json };

/** True when every field of `expected` is in `live` with the same value; lists must be equal in length and order. */
export function includes(live: unknown, expected: unknown): boolean {
  if (Array.isArray(expected)) {
    return Array.isArray(live) && live.length === expected.length && expected.every((item, i) => includes(live[i], item));
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof live !== 'object' || live === null) return false;
    const fields = live as Record<string, unknown>;
    return Object.entries(expected).every(([key, value]) => value === undefined || includes(fields[key], value));
  }
  return live === expected;
}

/** A short name for a value: equal values have equal hashes whatever the order of their keys. 16 hex digits. */
export function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value as Json)))
    .digest('hex')
    .slice(0, 16);
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as { readonly [key: string]: Json };
  return Object.fromEntries(
    Object.keys(fields)
      .toSorted()
      .map((key) => [key, sorted(fields[key])]),
  );
}
