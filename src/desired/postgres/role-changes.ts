/*
 * What is to be done about a tenant's roles: a pure comparison of what should be with what is. Separate from the
 * statements that do it. Roles without our mark are foreign, and foreign roles end the comparison.
 */
import { databaseName, ownerRole, slotBRole } from '../../api/names.ts';
import { type Decision, blocked } from './decision.ts';
import type { RoleFacts, TenantFacts } from './facts.ts';
import { describeMark, isOurs } from './marks.ts';
import { foreignMembership, membershipChanges } from './membership-changes.ts';
import type { RoleChange } from './role-change.ts';
import type { TenantDatabaseSpec } from './spec.ts';

/** Where neither the tenant nor its plan says how many. */
const DEFAULT_CONNECTION_LIMIT = 20;

/** @param setPassword the Secret holds a password that the role is not known to have */
export function rolesChanges(spec: TenantDatabaseSpec, facts: TenantFacts, setPassword: boolean): Decision<readonly RoleChange[]> {
  const conflict = roleConflict(spec, facts);
  if (conflict !== undefined) return conflict;
  const changes = [
    ...ownerChanges(spec, facts),
    ...tenantChanges(spec, facts, setPassword),
    ...slotBChanges(spec, facts),
    ...membershipChanges(spec, facts),
    ...sessionChanges(spec, facts),
  ];
  if (changes.length > 0) return { kind: 'outOfSync', change: changes };
  return foreignPowers(facts) ?? foreignMembership(spec, facts) ?? { kind: 'inSync' };
}

function presentRoles({ roles }: TenantFacts): readonly RoleFacts[] {
  return [roles.owner, roles.tenant, roles.slotB, roles.migrator].filter((role) => role !== undefined);
}

function roleConflict(spec: TenantDatabaseSpec, facts: TenantFacts): Decision<never> | undefined {
  const foreign = presentRoles(facts).find(({ mark }) => !isOurs(mark, spec));
  if (foreign === undefined) return undefined;
  return blocked(
    'RoleConflict',
    `The server has a role "${foreign.name}" that was not made for this tenant: ${describeMark(foreign.mark, spec)}. ` +
      `It is left alone. Rename or drop it; if something depends on it, the tenant needs another server.`,
    true,
  );
}

function ownerChanges(spec: TenantDatabaseSpec, { roles: { owner } }: TenantFacts): readonly RoleChange[] {
  const role = ownerRole(spec.n);
  if (owner === undefined) return [{ kind: 'createOwner' }];
  return [...(owner.canLogin ? [{ kind: 'alter', role, canLogin: false } as const] : []), ...settingChanges(owner, false)];
}

function tenantChanges(spec: TenantDatabaseSpec, { roles: { tenant } }: TenantFacts, setPassword: boolean): readonly RoleChange[] {
  const role = databaseName(spec.n);
  const canLogin = !spec.suspended;
  if (tenant === undefined) {
    return [{ kind: 'createTenant', canLogin, connectionLimit: spec.connectionLimit ?? DEFAULT_CONNECTION_LIMIT }];
  }
  return [
    ...alterations(tenant, { role, canLogin, connectionLimit: spec.connectionLimit }),
    ...(setPassword ? [{ kind: 'setPassword', role } as const] : []),
    ...settingChanges(tenant, true),
  ];
}

/** Slot b is never made able to log in here: only a rotation does that. */
function slotBChanges(spec: TenantDatabaseSpec, { roles: { slotB } }: TenantFacts): readonly RoleChange[] {
  if (slotB === undefined) return [];
  const canLogin = slotB.canLogin && !spec.suspended;
  return [
    ...alterations(slotB, { role: slotBRole(spec.n), canLogin, connectionLimit: spec.connectionLimit }),
    ...settingChanges(slotB, true),
  ];
}

interface WantedLogin {
  readonly role: string;
  readonly canLogin: boolean;
  readonly connectionLimit: number | undefined;
}

function alterations(found: RoleFacts, { role, canLogin, connectionLimit }: WantedLogin): readonly RoleChange[] {
  const limit = connectionLimit ?? found.connectionLimit;
  const isSame = found.canLogin === canLogin && found.connectionLimit === limit && found.validUntil === undefined;
  return isSame ? [] : [{ kind: 'alter', role, canLogin, connectionLimit: limit, validForEver: true }];
}

/**
 * A role may always change its own settings. Those of the allow-list stay: what a database is given are defaults, and a
 * role may override them. Anything else (search_path, role, made-up names with megabytes in them) is taken back.
 */
function settingChanges(found: RoleFacts, keepAllowed: boolean): readonly RoleChange[] {
  const changes: RoleChange[] = [];
  for (const [inDatabase, { allowed, others }] of [[false, found.settings] as const, [true, found.settingsInDatabase] as const]) {
    const kept = keepAllowed ? allowed : {};
    if (others.length === 0 && Object.keys(kept).length === Object.keys(allowed).length) continue;
    changes.push({ kind: 'resetSettings', role: found.name, inDatabase, keep: kept });
  }
  return changes;
}

/** NOLOGIN does not end sessions that are there. */
function sessionChanges(spec: TenantDatabaseSpec, { roles }: TenantFacts): readonly RoleChange[] {
  if (!spec.suspended) return [];
  return [roles.tenant, roles.slotB]
    .filter((role) => role !== undefined)
    .filter(({ sessions }) => sessions > 0)
    .map(({ name }) => ({ kind: 'endSessions', role: name }));
}

/** Only a superuser can have given them, and only he can take them. */
function foreignPowers(facts: TenantFacts): Decision<never> | undefined {
  const powerful = presentRoles(facts).filter(({ powers }) => powers.length > 0);
  if (powerful.length === 0) return undefined;
  const sql = powerful.map(({ name, powers }) => `ALTER ROLE "${name}" ${powers.map((power) => `NO${power}`).join(' ')};`);
  return blocked(
    'ForeignAttributes',
    `Somebody gave this tenant's roles attributes that no tenant may have. As a superuser run: ${sql.join(' ')}`,
    false,
  );
}
