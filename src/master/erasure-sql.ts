/**
 * SQL that makes a tombstone of an organization: claims, names, hash, subscription and credits go; ids, oid and
 * times stay.
 */
import { TenantEventType } from './events.ts';
import { inputRow } from './statement.ts';

/** Erases `input.id`; an abandoned one may still become deleted. */
export const ERASE = `WITH ${inputRow('id integer, uid uuid, status text')},
target AS (
  SELECT o.* FROM input JOIN public.organizations AS o ON o.id = input.id AND o.uid = input.uid
    WHERE o.living OR (o.status = 'abandoned' AND input.status = 'deleted')
    FOR UPDATE OF o
),
domains AS (DELETE FROM public.organization_domains AS d USING target WHERE d.organization_id = target.id),
account AS (DELETE FROM public.ai_credits_accounts AS a USING target WHERE a.organization_id = target.id),
subscription AS (DELETE FROM public.subscriptions AS s USING target WHERE s.organization_id = target.id),
tombstone AS (
  UPDATE public.organizations AS o SET
      status = input.status, deleted_at = now(),
      namespace = NULL, name = NULL, display_name = NULL, subdomain = NULL, database_host = NULL, database_port = NULL,
      database_password_hash = NULL, secret_namespace = NULL, secret_name = NULL, secret_resource_version = NULL,
      schema_release = NULL, schema_version = NULL
    FROM input, target
    WHERE o.id = target.id
  RETURNING o.*
)
INSERT INTO public.tenant_events (organization_id, uid, type, detail)
SELECT tombstone.id, tombstone.uid,
    CASE tombstone.status WHEN 'deleted' THEN '${TenantEventType.Deleted}' ELSE '${TenantEventType.Abandoned}' END,
    jsonb_strip_nulls(jsonb_build_object('server', tombstone.server_name, 'oid', tombstone.database_oid::bigint))
  FROM tombstone`;
