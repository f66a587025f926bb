/*
 * Whether a tenant differs, as far as it shows from outside. Separate because the sweep over all tenants asks only this,
 * and leaves what to do about it to the steps.
 */
import { databaseChanges } from './database-changes.ts';
import type { TenantFacts } from './facts.ts';
import { rolesChanges } from './role-changes.ts';
import type { TenantDatabaseSpec } from './spec.ts';

export function differsOnServer(spec: TenantDatabaseSpec, facts: TenantFacts): boolean {
  return rolesChanges(spec, facts, false).kind !== 'inSync' || databaseChanges(spec, facts).kind !== 'inSync';
}
