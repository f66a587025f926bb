/**
 * How a row of `organizations` reads as an `Organization`. Here once, because every statement that
 * returns organizations selects the same columns.
 */

/** The domains that are stored for `o`. A statement that changes them in the same breath names its own instead. */
export const STORED_DOMAINS = `ARRAY(
    SELECT d.domain FROM public.organization_domains AS d WHERE d.organization_id = o.id ORDER BY d.domain
  )`;

/** Joins what belongs to `o`; goes with the columns below. */
export const JOIN_SUBSCRIPTION = `
  LEFT JOIN public.subscriptions AS s ON s.organization_id = o.id
  LEFT JOIN public.ai_credits_accounts AS a ON a.organization_id = o.id`;

/** bigint arrives in JSON as a number; the schema keeps it within 2^53 - 1. */
const SUBSCRIPTION = `CASE WHEN s.organization_id IS NOT NULL AND a.organization_id IS NOT NULL THEN
    json_build_object('plan', s.plan, 'monthlyAllowance', a.monthly_allowance) END AS subscription`;

const SUMMARY = `o.id, o.uid, o.cluster_id AS "clusterId", o.namespace, o.name, o.status,
  o.display_name AS "displayName", o.subdomain,
  o.server_name AS "serverName", o.database_host AS "databaseHost", o.database_port AS "databasePort",
  o.database_name AS "databaseName", o.database_oid AS "databaseOid",
  o.credentials_generation AS "credentialsGeneration", o.secret_resource_version AS "secretResourceVersion",
  o.schema_release AS "schemaRelease", o.schema_version AS "schemaVersion",
  o.first_ready_at AS "firstReadyAt"`;

const CREDENTIALS = `o.database_password_hash AS "databasePasswordHash",
  o.secret_namespace AS "secretNamespace", o.secret_name AS "secretName"`;

/** Select list of an `OrganizationSummary`, of `o`, `s` and `a`. */
export const SUMMARY_COLUMNS = `${SUMMARY}, ${STORED_DOMAINS} AS domains, ${SUBSCRIPTION}`;

/** Select list of an `Organization`, of `o`, `s` and `a`, with its domains from an SQL expression. */
export function organizationColumns(domains: string): string {
  return `${SUMMARY}, ${CREDENTIALS}, o.created_at AS "createdAt", o.updated_at AS "updatedAt",
  ${domains} AS domains, ${SUBSCRIPTION}`;
}
