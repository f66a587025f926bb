/**
 * The tenant's roles: its login and the owner of its schema, with their limits, memberships and settings.
 * Separate from the database because roles are made by another session, and must be there before it can be granted to them.
 */
import { ConditionType } from '../api/conditions.ts';
import { scramVerifier } from '../clients/postgres/scram.ts';
import { passwordOf, secretVersion } from '../desired/connection-secret.ts';
import type { TenantFacts } from '../desired/postgres/facts.ts';
import { rolesChanges } from '../desired/postgres/role-changes.ts';
import { needsVerifier, type RoleChange, roleStatements } from '../desired/postgres/role-change.ts';
import type { TenantDatabaseSpec } from '../desired/postgres/spec.ts';
import { applyRoleChanges } from '../servers/roles.ts';
import { AppliedChanges, notTaken } from './applied-changes.ts';
import { defineStep, StepName } from './step.ts';
import type { TenantWork } from './tenant-work.ts';

interface Observed {
  readonly spec: TenantDatabaseSpec;
  readonly facts: TenantFacts;
  /** The Secret is not the one that was last proven, so the role may have another password. */
  readonly setPassword: boolean;
  readonly applied: readonly RoleChange[] | undefined;
}

interface Change {
  readonly spec: TenantDatabaseSpec;
  readonly changes: readonly RoleChange[];
}

const applied = new AppliedChanges<readonly RoleChange[]>();

export const roles = defineStep<TenantWork, Observed, Change>({
  name: StepName.Roles,
  condition: ConditionType.DatabaseReady,
  async observe(work) {
    const [spec, facts, setPassword] = await Promise.all([work.database(), work.facts(), hasNewPassword(work)]);
    return { spec, facts, setPassword, applied: applied.last(work) };
  },
  diff(_work, { spec, facts, setPassword, applied: last }) {
    const decision = rolesChanges(spec, facts, setPassword);
    if (decision.kind !== 'outOfSync') return decision;
    const changes = decision.change;
    if (needsVerifier(changes)) return { kind: 'outOfSync', change: { spec, changes } };
    return notTaken(changes, last, roleStatements(spec, changes, undefined)) ?? { kind: 'outOfSync', change: { spec, changes } };
  },
  async apply(work, { spec, changes }) {
    const verifier = needsVerifier(changes) ? await scramVerifier(await passwordIn(work)) : undefined;
    await applyRoleChanges(await work.sessions(), spec, changes, verifier);
    applied.remember(work, changes);
    if (verifier !== undefined) work.passwordSet = true;
    if (changes.some(({ kind }) => kind !== 'revoke' && kind !== 'grant')) work.loginChanged = true;
    work.forget('server');
  },
});

async function hasNewPassword(work: TenantWork): Promise<boolean> {
  if (work.passwordSet) return false;
  const [organization, secret] = await Promise.all([work.organization(), work.ownSecret()]);
  return secret !== undefined && organization.secretResourceVersion !== secretVersion(secret);
}

async function passwordIn(work: TenantWork): Promise<string> {
  const secret = await work.ownSecret();
  const password = secret === undefined ? undefined : passwordOf(secret);
  if (password === undefined) throw new Error('the connection Secret has no usable password');
  return password;
}
