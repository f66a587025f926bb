/**
 * Looks for what stands in the way of a claim, inside the statement that makes it. Separate because registering,
 * rebuilding, adopting and changing all ask the same question. The holder is never told: a customer must not
 * learn whose name it wanted.
 */
import type { ClaimRefusal, Claims } from './organization.ts';

/** Fields of `input` that `CONFLICTS` reads; `id` is the row to be changed or rebuilt, NULL for a new one. */
export const CLAIM_FIELDS = `id integer, uid uuid, "clusterId" uuid, namespace text, name text,
  "displayName" text, subdomain text, domains text[], "mustBeNewId" boolean`;

/** Not the row that the claim is for. */
const SOMEBODY_ELSE = 'o.uid <> input.uid AND o.id IS DISTINCT FROM input.id';

/** A table expression `conflict (kind, domain)`; empty when nothing is in the way. */
export const CONFLICTS = `conflict AS MATERIALIZED (
  SELECT 'notOwner' AS kind, NULL::text AS domain FROM input
    WHERE NOT EXISTS (SELECT FROM public.installation AS i WHERE i.cluster_id = input."clusterId")
  UNION ALL
  SELECT 'uidTaken', NULL FROM input JOIN public.organizations AS o ON o.uid = input.uid AND o.living
    WHERE o.id <> input.id
  UNION ALL
  SELECT 'idTaken', NULL FROM input JOIN public.organizations AS o ON o.id = input.id
    WHERE input."mustBeNewId" AND (o.uid <> input.uid OR NOT o.living)
  UNION ALL
  SELECT 'nameTaken', NULL FROM input JOIN public.organizations AS o
    ON o.cluster_id = input."clusterId" AND o.namespace = input.namespace AND o.name = input.name AND o.status <> 'deleted'
    WHERE ${SOMEBODY_ELSE}
  UNION ALL
  SELECT 'subdomainTaken', NULL FROM input JOIN public.organizations AS o
    ON o.subdomain = input.subdomain AND o.status <> 'deleted'
    WHERE ${SOMEBODY_ELSE}
  UNION ALL
  SELECT 'domainsTaken', d.domain FROM input
    JOIN public.organization_domains AS d ON d.domain = ANY (input.domains)
    JOIN public.organizations AS o ON o.id = d.organization_id
    WHERE ${SOMEBODY_ELSE}
)`;

/** The conflicts as one JSON value of a select list; NULL when there are none. */
export const CONFLICTS_COLUMN = '(SELECT json_agg(conflict) FROM conflict) AS conflicts';

/** One row of `conflict`. */
export interface Conflict {
  readonly kind: ClaimRefusal['kind'];
  readonly domain: string | null;
}

/** What to report first when several things are in the way: what makes the others moot. */
const ORDER = ['notOwner', 'uidTaken', 'idTaken', 'nameTaken', 'subdomainTaken', 'domainsTaken'] as const;

/** The refusal that conflicts amount to; undefined when there are none. */
export function refusal(conflicts: readonly Conflict[] | null): ClaimRefusal | undefined {
  const kind = ORDER.find((candidate) => conflicts?.some((conflict) => conflict.kind === candidate));
  if (kind !== 'domainsTaken') return kind && { kind };
  return { kind, domains: (conflicts ?? []).flatMap(({ domain }) => domain ?? []).toSorted() };
}

/** Claims as they are stored: host names in lower case, each once. */
export function normalizedClaims(claims: Claims): Claims {
  return {
    displayName: claims.displayName,
    subdomain: claims.subdomain.toLowerCase(),
    domains: [...new Set(claims.domains.map((domain) => domain.toLowerCase()))].toSorted(),
  };
}
