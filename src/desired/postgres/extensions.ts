/*
 * Which extensions to create, in which order, and why some cannot be: a pure comparison with what the server offers.
 * Separate because it is asked both when a database is made and later. An extension that left the spec stays: dropping it
 * would drop what uses it.
 */
import { databaseName } from '../../api/names.ts';
import { quoteIdentifier } from '../../clients/postgres/sql.ts';
import { type Blocked, blocked } from './decision.ts';
import type { TenantDatabaseSpec } from './spec.ts';

/** The default version of an extension, from pg_available_extension_versions. */
export interface ExtensionOffer {
  readonly name: string;
  /** May be created by who has CREATE on the database. */
  readonly trusted: boolean;
  /** Others that must be there first. */
  readonly requires: readonly string[];
  /** Undefined: any. Else it insists on this one. */
  readonly schema: string | undefined;
}

export interface ExtensionPlan {
  /** What can be created now, those that others need first. */
  readonly create: readonly ExtensionOffer[];
  readonly untrusted: readonly string[];
  readonly unavailable: readonly string[];
}

export function planExtensions(wanted: readonly string[], installed: readonly string[], offers: readonly ExtensionOffer[]): ExtensionPlan {
  const offered = new Map(offers.map((offer) => [offer.name, offer]));
  const missing = wanted.filter((name) => !installed.includes(name));
  const unavailable = missing.filter((name) => !offered.has(name));
  const create = new Map<string, ExtensionOffer>();
  const untrusted: string[] = [];
  for (const name of missing) {
    const chain = withRequirements(name, offered).filter((offer) => !installed.includes(offer.name));
    if (chain.every(({ trusted }) => trusted)) for (const offer of chain) create.set(offer.name, offer);
    else untrusted.push(name);
  }
  return { create: [...create.values()], untrusted, unavailable };
}

/** Depth first, each once; a name that is not offered has no requirements. */
function withRequirements(name: string, offered: ReadonlyMap<string, ExtensionOffer>, seen = new Set<string>()): readonly ExtensionOffer[] {
  const offer = offered.get(name);
  if (offer === undefined || seen.has(name)) return [];
  seen.add(name);
  return [...offer.requires.flatMap((required) => withRequirements(required, offered, seen)), offer];
}

/** SCHEMA public: under the pinned search_path it would land in pg_catalog. */
export function createExtension({ name, schema }: ExtensionOffer): string {
  const where = schema === undefined ? ' SCHEMA public' : '';
  return `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)}${where}`;
}

/** @param blocks whether the tenant cannot be served without them */
export function extensionProblem(
  spec: TenantDatabaseSpec,
  { untrusted, unavailable }: ExtensionPlan,
  offers: readonly ExtensionOffer[],
  blocks: boolean,
): Blocked | undefined {
  if (unavailable.length > 0) {
    const available = offers.filter(({ trusted }) => trusted).map(({ name }) => name);
    return blocked(
      'ExtensionUnavailable',
      `The server does not have the extension ${unavailable.join(', ')}. It offers ${available.toSorted().join(', ')}. ` +
        `Install it on the server, or take it out of spec.database.extensions.`,
      blocks,
    );
  }
  if (untrusted.length === 0) return undefined;
  const sql = untrusted.map((name) => `CREATE EXTENSION ${quoteIdentifier(name)} SCHEMA public;`);
  return blocked(
    'ExtensionNotTrusted',
    `The extension ${untrusted.join(', ')} is not a trusted one, so only a superuser can create it. ` +
      `In database "${databaseName(spec.n)}" run as a superuser: ${sql.join(' ')} Or take it out of spec.database.extensions.`,
    blocks,
  );
}
