/*
 * What should exist on a PostgreSQL server for one tenant: a pure function of the object, its plan and its row.
 * Separate so that every comparison and statement builder starts from the same few values.
 */
import { databaseName, provisionalDatabase } from '../../api/names.ts';
import type { StudioTenant } from '../../api/studio-tenant.ts';
import type { TenantPlan } from '../../api/tenant-plan.ts';
import { isSuspended } from '../suspension.ts';

export interface TenantDatabaseSpec {
  readonly n: number;
  readonly uid: string;
  readonly installation: string;
  readonly databaseName: string;
  readonly provisionalName: string;
  /** Per login. Undefined: its plan is gone, so what is there stays. */
  readonly connectionLimit: number | undefined;
  /** The tenant's own settings over its plan's; names in lower case. */
  readonly settings: Readonly<Record<string, string>>;
  /** Its plan is gone: settings that the tenant does not name itself stay as they are. */
  readonly keepOtherSettings: boolean;
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
  const { database } = tenant.spec;
  return {
    n: organization.id,
    uid: organization.uid,
    installation,
    databaseName: databaseName(organization.id),
    provisionalName: provisionalDatabase(organization.uid),
    connectionLimit: database.connectionLimit ?? plan?.spec.database.connectionLimit,
    settings: lowerCaseNames({ ...plan?.spec.database.settings, ...database.settings }),
    keepOtherSettings: plan === undefined,
    extensions: database.extensions,
    suspended: isSuspended(tenant),
    databaseOid: organization.databaseOid,
  };
}

function lowerCaseNames(settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name.toLowerCase(), value]));
}
