/*
 * The changes to a tenant's roles, as data, and the SQL of each. Separate from the comparison that finds them. Passwords
 * come in as SCRAM verifiers only, checked before they are sent.
 */
import { creatorShard, databaseName, ownerRole, TENANT_GROUP_ROLE } from '../../api/names.ts';
import { quoteIdentifier, quoteLiteral } from '../../clients/postgres/sql.ts';
import { roleComment } from './marks.ts';
import type { TenantDatabaseSpec } from './spec.ts';

export type RoleChange =
  | { readonly kind: 'createOwner' }
  | { readonly kind: 'createTenant'; readonly canLogin: boolean; readonly connectionLimit: number }
  | {
      readonly kind: 'alter';
      readonly role: string;
      readonly canLogin: boolean;
      readonly connectionLimit?: number;
      readonly validForEver?: boolean;
    }
  | { readonly kind: 'setPassword'; readonly role: string }
  | { readonly kind: 'resetSettings'; readonly role: string; readonly inDatabase: boolean; readonly keep: Readonly<Record<string, string>> }
  | { readonly kind: 'grant'; readonly role: string; readonly member: string; readonly inherit: boolean; readonly set: boolean }
  | { readonly kind: 'revoke'; readonly role: string; readonly member: string }
  /** Not the shard's business but the operator's: needs pg_signal_backend. */
  | { readonly kind: 'endSessions'; readonly role: string };

/** What of a tenant its roles' statements speak of. */
type RoleSpec = Pick<TenantDatabaseSpec, 'n' | 'uid' | 'installation'>;

export const needsVerifier = (changes: readonly RoleChange[]): boolean =>
  changes.some(({ kind }) => kind === 'createTenant' || kind === 'setPassword');

/** For a session of the creator shard, in order, one transaction. `endSessions` has no statement there. */
export function roleStatements(spec: RoleSpec, changes: readonly RoleChange[], verifier: string | undefined): readonly string[] {
  return changes.flatMap((change) => statementsOf(spec, change, verifier));
}

function statementsOf(spec: RoleSpec, change: RoleChange, verifier: string | undefined): readonly string[] {
  switch (change.kind) {
    case 'createOwner':
      return createOwner(spec);
    case 'createTenant':
      return createTenant(spec, change, verifier);
    case 'alter':
      return [alter(change)];
    case 'setPassword':
      return [setPassword(change.role, verifier)];
    case 'resetSettings':
      return resetSettings(spec, change);
    case 'grant':
      return [grantMembership(change)];
    case 'revoke':
      return [`REVOKE ${quoteIdentifier(change.role)} FROM ${quoteIdentifier(change.member)} CASCADE`];
    case 'endSessions':
    default:
      return [];
  }
}

export function setPassword(role: string, verifier: string | undefined): string {
  return `ALTER ROLE ${quoteIdentifier(role)} PASSWORD ${passwordLiteral(verifier)}`;
}

/** The shard inherits the owner's rights: it sets the owner's default privileges, and nothing else. */
function createOwner(spec: RoleSpec): readonly string[] {
  const owner = quoteIdentifier(ownerRole(spec.n));
  return [
    `CREATE ROLE ${owner} NOLOGIN`,
    `COMMENT ON ROLE ${owner} IS ${quoteLiteral(roleComment(spec))}`,
    grantMembership({ role: ownerRole(spec.n), member: creatorShard(spec.n), inherit: true, set: false }),
  ];
}

function createTenant(
  spec: RoleSpec,
  { canLogin, connectionLimit }: { readonly canLogin: boolean; readonly connectionLimit: number },
  verifier: string | undefined,
): readonly string[] {
  const role = quoteIdentifier(databaseName(spec.n));
  return [
    `CREATE ROLE ${role} ${loginWord(canLogin)} CONNECTION LIMIT ${connectionLimit} PASSWORD ${passwordLiteral(verifier)}`,
    `COMMENT ON ROLE ${role} IS ${quoteLiteral(roleComment(spec))}`,
    grantMembership({ role: TENANT_GROUP_ROLE, member: databaseName(spec.n), inherit: true, set: false }),
  ];
}

function alter({ role, canLogin, connectionLimit, validForEver }: Extract<RoleChange, { kind: 'alter' }>): string {
  const limit = connectionLimit === undefined ? '' : ` CONNECTION LIMIT ${connectionLimit}`;
  const validity = validForEver === true ? ` VALID UNTIL 'infinity'` : '';
  return `ALTER ROLE ${quoteIdentifier(role)} ${loginWord(canLogin)}${limit}${validity}`;
}

/** RESET ALL rather than name by name: the names are the tenant's choice, and there may be thousands. */
function resetSettings(spec: RoleSpec, change: Extract<RoleChange, { kind: 'resetSettings' }>): readonly string[] {
  const where = change.inDatabase ? ` IN DATABASE ${quoteIdentifier(databaseName(spec.n))}` : '';
  const alterRole = `ALTER ROLE ${quoteIdentifier(change.role)}${where}`;
  const kept = Object.entries(change.keep).map(([name, value]) => `${alterRole} SET ${quoteIdentifier(name)} = ${quoteLiteral(value)}`);
  return [`${alterRole} RESET ALL`, ...kept];
}

export function grantMembership(grant: { role: string; member: string; inherit: boolean; set: boolean }): string {
  const { role, member, inherit, set } = grant;
  return `GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(member)} WITH INHERIT ${truth(inherit)}, SET ${truth(set)}`;
}

/** A failing statement is logged whole by the server: a verifier may stand there, a password may not. */
function passwordLiteral(verifier: string | undefined): string {
  if (verifier === undefined) throw new Error('a role needs a password, and no verifier was made');
  return quoteLiteral(verifier);
}

const loginWord = (canLogin: boolean): string => (canLogin ? 'LOGIN' : 'NOLOGIN');
const truth = (value: boolean): string => (value ? 'TRUE' : 'FALSE');
