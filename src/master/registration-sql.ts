/**
 * SQL that adds rows of `organizations`: with the next number, or with the number that a database on a server
 * already carries. Row, domains and event are one statement, so that a crash leaves all of them or none.
 */
import { JOIN_SUBSCRIPTION, organizationColumns, STORED_DOMAINS } from './columns.ts';
import { CLAIM_FIELDS, CONFLICTS, CONFLICTS_COLUMN } from './conflicts.ts';
import { TenantEventType } from './events.ts';
import { inputRow } from './statement.ts';

const FIELDS = `${CLAIM_FIELDS}, "serverName" text, "databaseHost" text, "databasePort" integer, "databaseOid" oid`;

const COLUMNS = `uid, cluster_id, namespace, name, display_name, subdomain,
    server_name, database_host, database_port, database_oid`;

const VALUES = `input.uid, input."clusterId", input.namespace, input.name, input."displayName", input.subdomain,
    input."serverName", input."databaseHost", input."databasePort", input."databaseOid"`;

/** `insert` adds the row from `input`; nothing is added where the uid has a row, or something is in the way. */
function registration(insert: string, event: TenantEventType): string {
  return `WITH ${inputRow(FIELDS)},
${CONFLICTS},
own AS (
  SELECT o.* FROM input
    JOIN public.organizations AS o ON o.uid = input.uid AND o.living AND o.cluster_id = input."clusterId"
),
registered AS (
  ${insert} FROM input
    WHERE NOT EXISTS (SELECT FROM conflict) AND NOT EXISTS (SELECT FROM own)
  RETURNING *
),
claimed AS (
  INSERT INTO public.organization_domains (domain, organization_id)
  SELECT unnest(input.domains), registered.id FROM input, registered
),
event AS (
  INSERT INTO public.tenant_events (organization_id, uid, type, detail)
  SELECT id, uid, '${event}', jsonb_strip_nulls(jsonb_build_object('server', server_name, 'oid', database_oid::bigint))
    FROM registered
)
SELECT ${CONFLICTS_COLUMN}, organization.*
FROM input LEFT JOIN (
  SELECT ${organizationColumns('input.domains')} FROM input, registered AS o ${JOIN_SUBSCRIPTION}
  UNION ALL
  SELECT ${organizationColumns(STORED_DOMAINS)} FROM own AS o ${JOIN_SUBSCRIPTION}
) AS organization ON true`;
}

/** Adds a row with the next number. */
export const REGISTER = registration(
  `INSERT INTO public.organizations (${COLUMNS})
  SELECT ${VALUES}`,
  TenantEventType.Registered,
);

/** Adds a row with the number of `input.id`, which must not be in use. */
export const REBUILD = registration(
  `INSERT INTO public.organizations (id, ${COLUMNS}) OVERRIDING SYSTEM VALUE
  SELECT input.id, ${VALUES}`,
  TenantEventType.Rebuilt,
);
