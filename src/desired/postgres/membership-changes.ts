/*
 * Who belongs to a tenant's roles, and what they belong to. Separate from the other comparisons of roles because a
 * membership has a grantor, and only what we granted can we take back.
 */
import { creatorShard, databaseName, migratorRole, ownerRole, slotBRole, TENANT_GROUP_ROLE } from '../../api/names.ts';
import { quoteIdentifier } from '../../clients/postgres/sql.ts';
import { type Blocked, blocked } from './decision.ts';
import type { Membership, TenantFacts } from './facts.ts';
import type { RoleChange } from './role-change.ts';
import type { TenantDatabaseSpec } from './spec.ts';

type Wanted = Pick<Membership, 'role' | 'member' | 'inherit' | 'set'>;

/** New roles bring their memberships along; these are for roles that are there. */
export function membershipChanges(spec: TenantDatabaseSpec, facts: TenantFacts): readonly RoleChange[] {
  const found = membershipsOf(facts);
  const missing = wantedMemberships(spec, facts).filter((wanted) => !found.some((row) => isSame(row, wanted)));
  const revocable = unexpected(spec, facts).filter(({ grantor }) => grantor === creatorShard(spec.n));
  return [
    ...revocable.map(({ role, member }) => ({ kind: 'revoke', role, member }) as const),
    ...missing.map(({ role, member, inherit, set }) => ({ kind: 'grant', role, member, inherit, set }) as const),
  ];
}

/** What somebody else granted: a plain REVOKE of ours would do nothing and say nothing. */
export function foreignMembership(spec: TenantDatabaseSpec, facts: TenantFacts): Blocked | undefined {
  const foreign = unexpected(spec, facts).filter(({ grantor }) => grantor !== creatorShard(spec.n));
  if (foreign.length === 0) return undefined;
  const sql = foreign.map(
    ({ role, member, grantor }) =>
      `REVOKE ${quoteIdentifier(role)} FROM ${quoteIdentifier(member)} GRANTED BY ${quoteIdentifier(grantor)} CASCADE;`,
  );
  return blocked(
    'ForeignMembership',
    `Somebody made a role of this tenant a member of another role, or the other way round, and only he or a superuser can undo it. ` +
      `As a superuser run: ${sql.join(' ')}`,
    false,
  );
}

function wantedMemberships({ n }: TenantDatabaseSpec, { roles }: TenantFacts): readonly Wanted[] {
  const tenant = databaseName(n);
  const all: readonly (Wanted & { readonly present: boolean })[] = [
    { role: TENANT_GROUP_ROLE, member: tenant, inherit: true, set: false, present: roles.tenant !== undefined },
    { role: ownerRole(n), member: creatorShard(n), inherit: true, set: false, present: roles.owner !== undefined },
    // SET would let slot b change slot a's password.
    { role: tenant, member: slotBRole(n), inherit: true, set: false, present: roles.slotB !== undefined },
  ];
  return all.filter(({ present }) => present);
}

function unexpected(spec: TenantDatabaseSpec, facts: TenantFacts): readonly Membership[] {
  const wanted = wantedMemberships(spec, facts);
  return membershipsOf(facts).filter(
    (row) => !isOwnRight(spec, facts, row) && !isMigrators(spec, row) && !wanted.some((one) => isBetween(row, one)),
  );
}

/** PostgreSQL gives whoever makes a role the right to grant it; the row belongs to the bootstrap superuser. */
function isOwnRight({ n }: TenantDatabaseSpec, { operatorRole }: TenantFacts, { member, grantor }: Membership): boolean {
  const shard = creatorShard(n);
  return (member === shard || member === operatorRole) && grantor !== shard;
}

/** Granted and dropped with each attempt. */
function isMigrators({ n }: TenantDatabaseSpec, { role, member }: Membership): boolean {
  return member === migratorRole(n) && (role === ownerRole(n) || role === databaseName(n));
}

function membershipsOf({ roles }: TenantFacts): readonly Membership[] {
  const all = [roles.owner, roles.tenant, roles.slotB, roles.migrator];
  const rows = [...all.flatMap((role) => role?.memberOf ?? []), ...all.flatMap((role) => role?.members ?? [])];
  // Between two roles of the same tenant a row is seen from both ends.
  return [...new Map(rows.map((row) => [`${row.role} ${row.member} ${row.grantor}`, row])).values()];
}

const isBetween = (row: Membership, wanted: Wanted): boolean => row.role === wanted.role && row.member === wanted.member;

const isSame = (row: Membership, wanted: Wanted): boolean =>
  isBetween(row, wanted) && row.inherit === wanted.inherit && row.set === wanted.set;
