/*
 * The mark in the comment of every database and role that is ours. Separate because it is a promise between versions of
 * the operator: what carries no mark, or another's, is never adopted, altered or dropped.
 */
import type { Mark } from './facts.ts';
import type { TenantDatabaseSpec } from './spec.ts';

/** Undefined for any comment that we did not write. */
export function parseMark(comment: string | null): Mark | undefined {
  if (comment === null || !comment.startsWith('{')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(comment);
  } catch {
    return undefined;
  }
  const { uid, installation, init } = value as Partial<Mark>;
  if (typeof uid !== 'string' || typeof installation !== 'string') return undefined;
  return typeof init === 'boolean' ? { uid, installation, init } : { uid, installation };
}

type Identity = Pick<TenantDatabaseSpec, 'uid' | 'installation'>;

export function roleComment({ uid, installation }: Identity): string {
  return JSON.stringify({ uid, installation });
}

/** @param init whether the inside has been set up */
export function databaseComment({ uid, installation }: Identity, init: boolean): string {
  return JSON.stringify({ uid, installation, init });
}

export function isOurs(mark: Mark | undefined, { uid, installation }: Identity): boolean {
  return mark?.uid === uid && mark.installation === installation;
}

/** For people: whose something is. */
export function describeMark(mark: Mark | undefined, { installation }: Identity): string {
  if (mark === undefined) return 'it carries no mark of this operator';
  if (mark.installation !== installation)
    return `it belongs to the operator installation "${mark.installation}", this one is "${installation}"`;
  return `it belongs to the StudioTenant with uid ${mark.uid}`;
}
