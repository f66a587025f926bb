/*
 * Who may do what with a database or schema: a comparison of access lists. Separate because databases and schemas share
 * it, and because of one trap: a plain REVOKE does nothing, without an error, to what a grantee has passed on.
 */
import { quoteIdentifier } from '../../clients/postgres/sql.ts';
import { type Grant, PUBLIC_GRANTEE } from './facts.ts';

/** Role name to the privileges it should have; the owner is not in it. */
export type WantedGrants = Readonly<Record<string, readonly string[]>>;

/**
 * Statements that bring an access list to what is wanted. Each unexpected grantee loses everything, with what it has
 * passed on, those that could pass on first; then what is wanted is granted.
 *
 * @param object e.g. `DATABASE "studio_1_db"`
 */
export function grantStatements(object: string, found: readonly Grant[], wanted: WantedGrants, owner: string): readonly string[] {
  const unexpected = found.filter((grant) => grant.grantee !== owner && !isWanted(grant, wanted));
  const grantees = new Set(unexpected.toSorted((a, b) => Number(b.grantable) - Number(a.grantable)).map(({ grantee }) => grantee));
  const left = found.filter(({ grantee }) => !grantees.has(grantee));
  return [
    ...[...grantees].map((grantee) => `REVOKE ALL ON ${object} FROM ${granteeName(grantee)} CASCADE`),
    ...Object.entries(wanted).flatMap(([grantee, privileges]) => missing(object, left, grantee, privileges)),
  ];
}

function missing(object: string, found: readonly Grant[], grantee: string, privileges: readonly string[]): readonly string[] {
  const absent = privileges.filter((privilege) => !found.some((grant) => grant.grantee === grantee && grant.privilege === privilege));
  return absent.length === 0 ? [] : [`GRANT ${absent.join(', ')} ON ${object} TO ${granteeName(grantee)}`];
}

const isWanted = ({ grantee, privilege, grantable }: Grant, wanted: WantedGrants): boolean =>
  !grantable && (wanted[grantee]?.includes(privilege) ?? false);

const granteeName = (grantee: string): string => (grantee === PUBLIC_GRANTEE ? 'PUBLIC' : quoteIdentifier(grantee));
