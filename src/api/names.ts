// Every name that is derived rather than chosen: databases, roles and Kubernetes objects of one tenant.
// Separate because a name is a promise: it must come out the same in every version of the operator.

const DATABASE_NAME = /^studio_([1-9][0-9]{0,9})_db$/;

/** How many organizations share one creator role. */
const ORGANIZATIONS_PER_SHARD = 100;

/** The group all tenants' logins are members of, for pg_hba.conf and queries over all of them. */
export const TENANT_GROUP_ROLE = 'studio_tenant';

/** The role the operator makes and works as when it was given a superuser. */
export const OPERATOR_ROLE = 'studio_operator';

/** The tenant's database, its first login (slot a), and the group its rights hang on: one name for all three. */
export function databaseName(organizationId: number): string {
  return `studio_${organizationId}_db`;
}

/** Owns the schema objects; cannot log in. */
export function ownerRole(organizationId: number): string {
  return `${databaseName(organizationId)}_owner`;
}

/** The second login, there only while a password is being rotated. */
export function slotBRole(organizationId: number): string {
  return `${databaseName(organizationId)}_b`;
}

/** The login of one migration attempt. */
export function migratorRole(organizationId: number): string {
  return `${databaseName(organizationId)}_migrator`;
}

/** The role that makes (and therefore may change) the roles of this organization. */
export function creatorShard(organizationId: number): string {
  return `studio_creator_${Math.floor(organizationId / ORGANIZATIONS_PER_SHARD)}`;
}

/** What a database is called until it carries its mark. At most 44 characters. */
export function provisionalDatabase(uid: string): string {
  return `studio_prov_${uid.replaceAll('-', '')}`;
}

/** The N of `studio_N_db`; undefined for any other name. */
export function organizationOfDatabase(name: string): number | undefined {
  const digits = DATABASE_NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The Secret with the tenant's connection. */
export function secretName(tenantName: string): string {
  return `${tenantName}-database`;
}

export function ingressName(tenantName: string): string {
  return tenantName;
}

/**
 * At most 63 characters, so that it also fits the label Kubernetes makes of it.
 *
 * @param hash 4 to 14 lower-case letters or digits.
 */
export function migrationJobName(tenantName: string, hash: string): string {
  return `${tenantName}-migrate-${hash}`;
}

/** The Secret with the password of one migration attempt. */
export function migrationSecretName(jobName: string): string {
  return `${jobName}-login`;
}
