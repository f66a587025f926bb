// How many connections a PostgreSQL server has at most while something else happens, by its own count.

import pg from 'pg';
import type { Stoppable } from '../../dev/cluster/started-parts.ts';

export interface ConnectionSamples extends Stoppable {
  /** Seen so far, the one that counts not among them. Throws when counting failed. */
  most(): number;
}

const EVERY_MS = 50;
const COUNT = "SELECT count(*)::int AS count FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";

/** As the superuser, for whom the server keeps connections free. */
export const sampleConnections = async (superuserUrl: string): Promise<ConnectionSamples> => {
  const client = new pg.Client({ connectionString: superuserUrl });
  let most = 0;
  let failure: unknown;
  const stopping = new AbortController();
  client.on('error', (error) => {
    failure = error;
  });
  await client.connect();
  const sample = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const { rows } = await client.query<{ readonly count: number }>(COUNT);
      most = Math.max(most, rows[0]?.count ?? 0);
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  };
  const sampling = sample().catch((error: unknown) => {
    failure = error;
  });
  return {
    most: () => {
      if (failure !== undefined) throw new Error('counting connections', { cause: failure });
      return most;
    },
    stop: async () => {
      stopping.abort();
      await sampling;
      await client.end();
    },
  };
};
