/**
 * Which organizations live on which PostgresServer: for placing a new one, and for a server that is to be deleted.
 * Tombstones do not live anywhere: an abandoned organization must not hold the object of a server that is gone.
 */
import type { Query } from '../clients/postgres/sql.ts';
import type { LivingStatus } from './organization.ts';

/** How many organizations each server holds, by its name; servers without any are absent. */
export async function countOrganizations(query: Query): Promise<ReadonlyMap<string, number>> {
  const rows = await query<{ readonly server: string; readonly organizations: number }>({
    text: `SELECT server_name AS server, count(*)::integer AS organizations
FROM public.organizations WHERE living GROUP BY server_name`,
    kind: 'count-organizations',
  });
  return new Map(rows.map(({ server, organizations }) => [server, organizations]));
}

/** Who holds a server: how many, and a few of the oldest to name in a message. */
export interface ServerOccupants {
  readonly organizations: number;
  readonly oldest: readonly Occupant[];
}

interface Occupant {
  readonly id: number;
  readonly namespace: string;
  readonly name: string;
  readonly status: LivingStatus;
}

/** The organizations on one server; `oldest` names at most 5 of them. */
export async function serverOccupants(query: Query, serverName: string): Promise<ServerOccupants> {
  const [occupants] = await query<ServerOccupants>({
    text: `SELECT count(*)::integer AS organizations,
  coalesce(json_agg(json_build_object('id', id, 'namespace', namespace, 'name', name, 'status', status) ORDER BY id)
    FILTER (WHERE place <= 5), '[]') AS oldest
FROM (
  SELECT id, namespace, name, status, row_number() OVER (ORDER BY id) AS place
  FROM public.organizations WHERE server_name = $1 AND living
) AS occupant`,
    values: [serverName],
    kind: 'server-occupants',
  });
  return occupants ?? { organizations: 0, oldest: [] };
}
