/**
 * SQL that changes what an organization claims: its subdomain, domains and display name, and whose object it
 * belongs to. A claim is refused as a whole: what was held before stays held.
 */
import { CLAIM_FIELDS, CONFLICTS, CONFLICTS_COLUMN } from './conflicts.ts';
import { TenantEventType } from './events.ts';
import { inputRow } from './statement.ts';

/** Domains of `target` become those of `input`; `released` and `added` say which changed. */
const CHANGE_DOMAINS = `released AS (
  DELETE FROM public.organization_domains AS d USING input, target
    WHERE d.organization_id = target.id AND d.domain <> ALL (input.domains)
  RETURNING d.domain
),
added AS (
  INSERT INTO public.organization_domains (domain, organization_id)
  SELECT wanted.domain, target.id FROM input, target, unnest(input.domains) AS wanted (domain)
    WHERE NOT EXISTS (
      SELECT FROM public.organization_domains AS d WHERE d.domain = wanted.domain AND d.organization_id = target.id
    )
  RETURNING domain
)`;

/** The row a change is for: `found` if it is there, `target` if nothing stands in the way either. The lock makes the
 * second of two who change one row look at it again: by then it may belong to another object. */
function target(uid: string): string {
  return `found AS (
  SELECT o.* FROM input JOIN public.organizations AS o ON o.id = input.id AND o.uid = ${uid} AND o.living
    FOR UPDATE OF o
),
target AS (SELECT * FROM found WHERE NOT EXISTS (SELECT FROM conflict))`;
}

const ANSWER = `SELECT ${CONFLICTS_COLUMN}, EXISTS (SELECT FROM found) AS found`;

/** Brings the claims of `input.id` to those of `input`. */
export const CHANGE_CLAIMS = `WITH ${inputRow(CLAIM_FIELDS)},
${CONFLICTS},
${target('input.uid')},
changed AS (
  UPDATE public.organizations AS o SET display_name = input."displayName", subdomain = input.subdomain
    FROM input, target
    WHERE o.id = target.id AND (o.display_name, o.subdomain) IS DISTINCT FROM (input."displayName", input.subdomain)
  RETURNING o.id
),
${CHANGE_DOMAINS},
event AS (
  INSERT INTO public.tenant_events (organization_id, uid, type, detail)
  SELECT target.id, target.uid, '${TenantEventType.ClaimsChanged}', jsonb_build_object(
      'displayName', target.display_name <> input."displayName",
      'subdomain', target.subdomain <> input.subdomain,
      'domainsAdded', (SELECT count(*) FROM added),
      'domainsReleased', (SELECT count(*) FROM released)
    )
    FROM input, target
    WHERE EXISTS (SELECT FROM changed) OR EXISTS (SELECT FROM added) OR EXISTS (SELECT FROM released)
)
${ANSWER}`;

/** Hands `input.id` over from `input."fromUid"` to the object of `input`. */
export const ADOPT = `WITH ${inputRow(`${CLAIM_FIELDS}, "fromUid" uuid`)},
${CONFLICTS},
${target('input."fromUid"')},
adopted AS (
  UPDATE public.organizations AS o SET
      uid = input.uid, cluster_id = input."clusterId", namespace = input.namespace, name = input.name,
      display_name = input."displayName", subdomain = input.subdomain, status = 'provisioning',
      database_password_hash = NULL, secret_namespace = NULL, secret_name = NULL, secret_resource_version = NULL
    FROM input, target
    WHERE o.id = target.id
  RETURNING o.id, o.uid
),
${CHANGE_DOMAINS},
event AS (
  INSERT INTO public.tenant_events (organization_id, uid, type, detail)
  SELECT adopted.id, adopted.uid, '${TenantEventType.Adopted}', jsonb_build_object('fromUid', target.uid, 'fromStatus', target.status)
    FROM adopted JOIN target USING (id)
)
${ANSWER}`;
