// The master database's rows of tenants that no operator made. Separate because it is all SQL: what the operator records step by step
// is written here at once, in the form that the schema asks for.

export type TenantStatus = 'provisioning' | 'active' | 'suspended' | 'retained' | 'failed';

export const SECRETS_NAMESPACE = 'studio-tenants';
export const SERVER_NAME = 'main';

/** bcrypt of nothing in particular: nobody ever compares with it. */
const A_HASH = `$2b$10$${'a'.repeat(53)}`;

/** One row per subdomain of $1, all provisioning; $2, $3 are host and port of the server. */
export const INSERT_ORGANIZATIONS = `
INSERT INTO organizations (uid, cluster_id, namespace, name, display_name, subdomain, server_name, database_host, database_port)
SELECT gen_random_uuid(), gen_random_uuid(), '${SECRETS_NAMESPACE}', t.subdomain, coalesce($4, 'Studio ' || t.subdomain), t.subdomain,
  '${SERVER_NAME}', $2, $3
FROM unnest($1::text[]) WITH ORDINALITY AS t (subdomain, place) ORDER BY t.place
RETURNING id AS "organizationId", subdomain, database_name AS "databaseName"`;

/** The organizations of $1 become what they are after provisioning: status $2, schema version $3 or none. */
export const COMPLETE_ORGANIZATIONS = `
UPDATE organizations SET status = $2, database_password_hash = '${A_HASH}', credentials_generation = 1,
  secret_namespace = '${SECRETS_NAMESPACE}', secret_name = subdomain || '-database', database_oid = 16000 + id,
  schema_release = 'studio-' || $3::integer, schema_version = $3::integer,
  first_ready_at = CASE WHEN $2 IN ('active', 'suspended', 'retained') THEN now() END
WHERE id = ANY ($1::integer[])`;

/** Subscription and account of the organizations of $1: plan $2, credits $3. */
export const SUBSCRIBE_ORGANIZATIONS = `
WITH subscribed AS (
  INSERT INTO subscriptions (organization_id, plan, status, current_period_start, current_period_end)
  SELECT id, $2, 'active', now(), now() + interval '1 month' FROM unnest($1::integer[]) AS t (id)
)
INSERT INTO ai_credits_accounts (organization_id, monthly_allowance, balance, period_start)
SELECT id, $3, $3, now() FROM unnest($1::integer[]) AS t (id)`;

/** The domains of organization $1 become those of $2. */
export const SET_DOMAINS = `
WITH released AS (DELETE FROM organization_domains WHERE organization_id = $1 AND domain <> ALL ($2::text[]))
INSERT INTO organization_domains (domain, organization_id) SELECT unnest($2::text[]), $1
ON CONFLICT (domain) DO UPDATE SET organization_id = excluded.organization_id
  WHERE organization_domains.organization_id <> excluded.organization_id`;

/** Organization $1 becomes a tombstone. */
export const ERASE = `
WITH domains AS (DELETE FROM organization_domains WHERE organization_id = $1),
account AS (DELETE FROM ai_credits_accounts WHERE organization_id = $1),
subscription AS (DELETE FROM subscriptions WHERE organization_id = $1)
UPDATE organizations SET status = 'deleted', deleted_at = now(), namespace = NULL, name = NULL, display_name = NULL, subdomain = NULL,
  database_host = NULL, database_port = NULL, database_password_hash = NULL, secret_namespace = NULL, secret_name = NULL,
  secret_resource_version = NULL, schema_release = NULL, schema_version = NULL
WHERE id = $1`;
