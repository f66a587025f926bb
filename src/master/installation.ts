/**
 * Which cluster's operator owns this master database. Two operators that did not know of each other would each
 * take the other's organizations for its own, so the second is refused until it is configured to take over.
 */
import type { Query } from '../clients/postgres/sql.ts';
import { TenantEventType } from './events.ts';
import { MasterDatabaseRefused } from './refused.ts';
import { inputRow, statement } from './statement.ts';

export interface Installation {
  /** Stands in the comment of every role and database that this installation made. Survives a take-over. */
  readonly installationId: string;
  readonly clusterId: string;
  /** The cluster this database was taken over from last. */
  readonly adoptedFrom: string | null;
}

export interface InstallationClaim {
  /** uid of the namespace kube-system of the operator's own cluster. */
  readonly clusterId: string;
  /** The cluster to take over from, where that is configured. Its operator must have been stopped. */
  readonly adoptFromCluster?: string | undefined;
}

/** A take-over moves the living organizations to the new cluster, so that its objects find them by name. */
const CLAIM = `WITH ${inputRow('"clusterId" uuid, "adoptFromCluster" uuid')},
claimed AS (
  INSERT INTO public.installation AS i (cluster_id) SELECT "clusterId" FROM input
  ON CONFLICT (singleton) DO UPDATE
    SET cluster_id = excluded.cluster_id, adopted_from = i.cluster_id, claimed_at = now()
    WHERE i.cluster_id <> excluded.cluster_id AND i.cluster_id = (SELECT "adoptFromCluster" FROM input)
  RETURNING i.*
),
moved AS (
  UPDATE public.organizations AS o SET cluster_id = claimed.cluster_id
    FROM claimed WHERE o.cluster_id = claimed.adopted_from AND o.living
  RETURNING o.id, o.uid, claimed.adopted_from
),
event AS (
  INSERT INTO public.tenant_events (organization_id, uid, type, detail)
  SELECT id, uid, '${TenantEventType.ClusterAdopted}', jsonb_build_object('fromCluster', adopted_from) FROM moved
),
installation AS (
  SELECT * FROM claimed
  UNION ALL
  SELECT * FROM public.installation WHERE NOT EXISTS (SELECT FROM claimed)
)
SELECT installation_id AS "installationId", cluster_id AS "clusterId", adopted_from AS "adoptedFrom" FROM installation`;

/**
 * Claims the master database for a cluster, or confirms that it has it. Called before anything else is done with
 * it. Throws MasterDatabaseRefused (OwnedByAnotherCluster) when another cluster has it.
 */
export async function claimInstallation(query: Query, claim: InstallationClaim): Promise<Installation> {
  const sql = statement('claim-installation', CLAIM, claim);
  // Two first claims made at once: the one that waited sees no row of the other in its own snapshot; the second look does.
  const installation = (await query<Installation>(sql))[0] ?? (await query<Installation>(sql))[0];
  if (installation === undefined) throw new Error('claiming the master database returned no row');
  if (installation.clusterId !== claim.clusterId) throw ownedByAnother(installation);
  return installation;
}

function ownedByAnother(installation: Installation): MasterDatabaseRefused {
  return new MasterDatabaseRefused(
    'OwnedByAnotherCluster',
    `The master database belongs to the operator of cluster ${installation.clusterId} (uid of its namespace kube-system). ` +
      `Give this operator a master database of its own; or, if that cluster is gone and its operator stopped, ` +
      `set ADOPT_FROM_CLUSTER to ${installation.clusterId} to take its organizations over.`,
  );
}
