/**
 * Reads what the master database knows: about one object when it is reconciled, about all of them in the drift
 * sweep. One query each; deciding what it means is the caller's.
 */
import type { Query } from '../clients/postgres/sql.ts';
import { JOIN_SUBSCRIPTION, organizationColumns, STORED_DOMAINS, SUMMARY_COLUMNS } from './columns.ts';
import type { GatheredOrganization, ObjectIdentity, Organization, OrganizationSummary, Tombstone } from './organization.ts';

const GATHER = `WITH found AS (
  SELECT 'organization' AS relation, id FROM public.organizations WHERE uid = $1 AND living AND cluster_id = $2
  UNION ALL
  (SELECT 'tombstone', id FROM public.organizations WHERE uid = $1 AND NOT living ORDER BY id DESC LIMIT 1)
  UNION ALL
  SELECT 'predecessor', id FROM public.organizations
    WHERE cluster_id = $2 AND namespace = $3 AND name = $4 AND status <> 'deleted' AND uid <> $1
  UNION ALL
  SELECT 'requested', id FROM public.organizations WHERE id = $5 AND living AND cluster_id = $2
)
SELECT found.relation, o.deleted_at AS "deletedAt", ${organizationColumns(STORED_DOMAINS)}
FROM found JOIN public.organizations AS o USING (id) ${JOIN_SUBSCRIPTION}`;

/** Of a tombstone the columns that are left are those of `Tombstone`. */
type Found = Organization & { readonly relation: keyof GatheredOrganization; readonly deletedAt: Date | null };

/**
 * Gathers the rows that concern one object, and the one of the number that its `adopt-organization` annotation
 * asks for.
 */
export async function gatherOrganization(query: Query, identity: ObjectIdentity, requestedId?: number): Promise<GatheredOrganization> {
  const { uid, clusterId, namespace, name } = identity;
  const rows = await query<Found>({
    text: GATHER,
    values: [uid, clusterId, namespace, name, requestedId ?? null],
    kind: 'gather-organization',
    prepared: 'gather-organization',
  });
  const facts: { -readonly [Relation in keyof GatheredOrganization]: GatheredOrganization[Relation] } = {
    organization: undefined,
    tombstone: undefined,
    predecessor: undefined,
    requested: undefined,
  };
  for (const { relation, deletedAt, ...organization } of rows) {
    if (relation !== 'tombstone') facts[relation] = organization;
    else facts.tombstone = tombstoneOf({ ...organization, deletedAt });
  }
  return facts;
}

function tombstoneOf(row: Omit<Found, 'relation'>): Tombstone {
  const { id, uid, databaseName, serverName, databaseOid, createdAt, deletedAt } = row;
  const status = row.status as string as Tombstone['status'];
  if (deletedAt === null) throw new Error('a tombstone says when it was erased');
  return { id, uid, status, databaseName, serverName, databaseOid, createdAt, deletedAt };
}

/** Gathers every living organization of a cluster, retained ones included. */
export function gatherAll(query: Query, clusterId: string): Promise<readonly OrganizationSummary[]> {
  return query<OrganizationSummary>({
    text: `SELECT ${SUMMARY_COLUMNS} FROM public.organizations AS o ${JOIN_SUBSCRIPTION}
WHERE o.cluster_id = $1 AND o.living`,
    values: [clusterId],
    kind: 'gather-organizations',
  });
}
