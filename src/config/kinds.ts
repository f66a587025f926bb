/**
 * What a setting's text may be: each kind parses it or says no, and carries the words for "what is expected".
 * Separate from the table of settings so that both the operator and other programs of the image can use the kinds.
 */
import { durationMs } from '../api/durations.ts';
import { DNS_LABEL, DNS_SUBDOMAIN } from '../api/patterns.ts';

/** Parses text into a value; `undefined` means the text isn't of this kind. */
export interface Kind<T> {
  /** Completes "expected …" in an error and in the help text. */
  readonly expects: string;
  parse(text: string): T | undefined;
}

export const text: Kind<string> = {
  expects: 'a text',
  parse: (value) => value,
};

export function oneOf<const T extends string>(...choices: readonly T[]): Kind<T> {
  return {
    expects: `one of ${choices.join(', ')}`,
    parse: (value) => choices.find((choice) => choice === value),
  };
}

/** A whole number within [min, max]. */
export function integer(min: number, max: number): Kind<number> {
  return {
    expects: `a whole number from ${min} to ${max}`,
    parse: (value) => (/^\d{1,15}$/.test(value) ? within(Number(value), min, max) : undefined),
  };
}

/** A length of time such as `500ms`, `10s`, `5m` or `1h`, in milliseconds, at least `min` (written the same way). */
export function duration(min: string): Kind<number> {
  const minMs = durationMs(min);
  return {
    expects: `a duration such as 500ms, 10s, 5m or 1h, at least ${min}`,
    parse: (value) => within(milliseconds(value), minMs, Number.MAX_SAFE_INTEGER),
  };
}

export const flag: Kind<boolean> = {
  expects: 'true or false',
  parse: (value) => ({ true: true, false: false })[value],
};

export const dnsLabel: Kind<string> = {
  expects: 'a DNS label (lower-case letters, digits and hyphens, at most 63 characters)',
  parse: (value) => matching(value, DNS_LABEL),
};

export const dnsName: Kind<string> = {
  expects: 'a DNS name in lower case, such as platform.com',
  parse: (value) => (value.length <= 253 ? matching(value, DNS_SUBDOMAIN) : undefined),
};

/** Items separated by commas; the empty text is the empty list. */
export function listOf<T>(item: Kind<T>): Kind<readonly T[]> {
  return {
    expects: `a list separated by commas, each ${item.expects}`,
    parse(value) {
      if (value.trim() === '') return [];
      const items = value.split(',').map((part) => item.parse(part.trim()));
      return items.every((parsed) => parsed !== undefined) ? items : undefined;
    },
  };
}

/** Namespaces by name, or `*` for all of the cluster. */
export const namespaces: Kind<readonly string[] | '*'> = {
  expects: 'namespaces separated by commas, or * for all',
  parse(value) {
    if (value.trim() === '*') return '*';
    const names = listOf(dnsLabel).parse(value);
    return names !== undefined && names.length > 0 ? names : undefined;
  },
};

/** A PostgreSQL connection string that names a host, a user and a database. */
export const postgresUrl: Kind<string> = {
  expects: 'a URL such as postgresql://user:password@host:5432/studio_platform_master',
  parse(value) {
    if (!URL.canParse(value)) return undefined;
    const { protocol, hostname, username, pathname } = new URL(value);
    const isPostgres = protocol === 'postgresql:' || protocol === 'postgres:';
    return isPostgres && hostname !== '' && username !== '' && pathname.length > 1 ? value : undefined;
  },
};

/** A Kubernetes quantity, such as 50m or 128Mi. */
export const quantity: Kind<string> = {
  expects: 'a Kubernetes quantity such as 50m or 128Mi',
  parse: (value) => (/^\d+(?:\.\d+)?(?:m|[kMGTPE]|[KMGTPE]i)?$/.test(value) ? value : undefined),
};

/** Not a number for what is no duration: nothing is within any bounds then. */
function milliseconds(value: string): number {
  try {
    return durationMs(value);
  } catch {
    return Number.NaN;
  }
}

function within(value: number, min: number, max: number): number | undefined {
  return value >= min && value <= max ? value : undefined;
}

function matching(value: string, pattern: string): string | undefined {
  return new RegExp(pattern).test(value) ? value : undefined;
}
