/*
 * What should exist on a PostgreSQL server for one tenant: a pure function of the object, its plan and its row.
 * Separate so that every comparison and statement builder starts from the same few values.
 */
import { ANNOTATION, annotationOf } from '../../api/annotations.ts';
import { databaseName, provisionalDatabase } from '../../api/names.ts';
import type { StudioTenant } from '../../api/studio-tenant.ts';
import type { TenantPlan } from '../../api/tenant-plan.ts';

export interface TenantDatabaseSpec {
  readonly n: number;
  readonly uid: string;
  readonly installation: string;
  readonly databaseName: string;
  readonly provisionalName: string;
  /** Per login. Undefined: its plan is gone, so what is there stays. */
  readonly connectionLimit: number | undefined;
  /** Names in lower case. Undefined: its plan is gone, so what is there stays. */
  readonly settings: Readonly<Record<string, string>> | undefined;
  readonly extensions: readonly string[];
  readonly suspended: boolean;
  /** As recorded in the master database; once there, a missing database is never created again. */
  readonly databaseOid: string | undefined;
}

/** The columns of an organization that matter here. */
interface OrganizationRow {
  readonly id: number;
  readonly uid: string;
  readonly databaseOid: string | undefined;
}

export function tenantDatabaseSpec(
  tenant: StudioTenant,
  plan: TenantPlan | undefined,
  organization: OrganizationRow,
  installation: string,
): TenantDatabaseSpec {
  const { database, suspended } = tenant.spec;
  return {
    n: organization.id,
    uid: organization.uid,
    installation,
    databaseName: databaseName(organization.id),
    provisionalName: provisionalDatabase(organization.uid),
    connectionLimit: database.connectionLimit ?? plan?.spec.database.connectionLimit,
    settings: settingsOf(database.settings, plan),
    extensions: database.extensions,
    suspended: suspended || annotationOf(tenant, ANNOTATION.suspend) !== undefined,
    databaseOid: organization.databaseOid,
  };
}

/** The tenant's own settings over the plan's. */
function settingsOf(
  own: Readonly<Record<string, string>> | undefined,
  plan: TenantPlan | undefined,
): Readonly<Record<string, string>> | undefined {
  if (plan === undefined) return undefined;
  const all = { ...plan.spec.database.settings, ...own };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name.toLowerCase(), value]));
}
