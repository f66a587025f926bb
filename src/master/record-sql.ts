/**
 * SQL that records what was done for an organization: credentials, database, schema, subscription, status - any of
 * them in one statement, so that a fresh tenant is completed in one. Each thing that changed gets its event; what is
 * as recorded already is not written again.
 */
import { organizationColumns, STORED_DOMAINS } from './columns.ts';
import { TenantEventType } from './events.ts';
import { inputRow } from './statement.ts';
import { JOIN_NEW_SUBSCRIPTION, SUBSCRIBE, SUBSCRIPTION_FIELDS } from './subscription-sql.ts';

/** Columns that are recorded as they are given: [field of input, column, type]. */
const RECORDED = [
  ['databasePasswordHash', 'database_password_hash', 'text'],
  ['credentialsGeneration', 'credentials_generation', 'integer'],
  ['secretNamespace', 'secret_namespace', 'text'],
  ['secretName', 'secret_name', 'text'],
  ['secretResourceVersion', 'secret_resource_version', 'text'],
  ['databaseOid', 'database_oid', 'oid'],
  ['databaseHost', 'database_host', 'text'],
  ['databasePort', 'database_port', 'integer'],
  ['schemaRelease', 'schema_release', 'text'],
  ['schemaVersion', 'schema_version', 'integer'],
  ['status', 'status', 'text'],
] as const;

const FIELDS = RECORDED.map(([field, , type]) => `"${field}" ${type}`).join(', ');
const SET = RECORDED.map(([field, column]) => `${column} = COALESCE(input."${field}", o.${column})`).join(',\n      ');
const DIFFERS = RECORDED.map(([field, column]) => `input."${field}" IS DISTINCT FROM o.${column} AND input."${field}" IS NOT NULL`).join(
  '\n      OR ',
);

/** Records `input`, where fields that are NULL stay as they are; selects the organization as it is then. */
export const RECORD = `WITH ${inputRow(`id integer, uid uuid, reason text, ${FIELDS}, ${SUBSCRIPTION_FIELDS}`)},
before AS (
  SELECT o.* FROM input JOIN public.organizations AS o ON o.id = input.id AND o.uid = input.uid AND o.living
),
after AS (
  UPDATE public.organizations AS o SET
      ${SET},
      first_ready_at = CASE WHEN input.status = 'active' THEN COALESCE(o.first_ready_at, now()) ELSE o.first_ready_at END
    FROM input
    WHERE o.id = input.id AND o.uid = input.uid AND o.living AND (
      ${DIFFERS}
    )
  RETURNING o.*
),
${SUBSCRIBE},
change AS (
  SELECT change.* FROM input, before JOIN after USING (id) CROSS JOIN LATERAL (VALUES
    ('${TenantEventType.CredentialsRecorded}', before.database_password_hash IS DISTINCT FROM after.database_password_hash,
      jsonb_build_object('generation', after.credentials_generation)),
    ('${TenantEventType.DatabaseRecorded}', before.database_oid IS DISTINCT FROM after.database_oid,
      jsonb_build_object('oid', after.database_oid::bigint, 'server', after.server_name)),
    ('${TenantEventType.SchemaRecorded}', (before.schema_release, before.schema_version) IS DISTINCT FROM (after.schema_release, after.schema_version),
      jsonb_build_object('release', after.schema_release, 'version', after.schema_version)),
    ('${TenantEventType.StatusChanged}', before.status <> after.status,
      jsonb_strip_nulls(jsonb_build_object('from', before.status, 'to', after.status, 'reason', input.reason)))
  ) AS change (type, happened, detail)
  UNION ALL
  SELECT '${TenantEventType.SubscriptionRecorded}', true,
      jsonb_build_object('plan', input.plan, 'monthlyAllowance', input."monthlyAllowance")
    FROM input WHERE EXISTS (SELECT FROM subscription) OR EXISTS (SELECT FROM account)
),
event AS (
  INSERT INTO public.tenant_events (organization_id, uid, type, detail)
  SELECT before.id, before.uid, change.type, change.detail FROM before, change WHERE change.happened
)
SELECT ${organizationColumns(STORED_DOMAINS)}
FROM (SELECT * FROM after UNION ALL SELECT * FROM before WHERE NOT EXISTS (SELECT FROM after)) AS o
${JOIN_NEW_SUBSCRIPTION}`;
