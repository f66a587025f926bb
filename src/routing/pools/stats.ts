/*
 * The pools in numbers. Separate because nothing else reads them.
 */
import type { Broker } from './broker.ts';
import type { EventCounts } from './event-counts.ts';
import type { PoolsStats } from './types.ts';

export function statsOf({ buckets, servers, waiting }: Broker, counts: EventCounts): PoolsStats {
  const all = [...buckets];
  const places = [...servers].map((server) => ({
    server: server.key,
    connections: server.used,
    limit: server.limit,
    idle: server.idle.size,
    waitingTenants: server.waiting,
  }));
  return {
    pools: all.length,
    connections: sum(places.map(({ connections }) => connections)),
    idle: sum(places.map(({ idle }) => idle)),
    busy: sum(all.map(({ busy }) => busy.size)),
    opening: sum(all.map(({ opening }) => opening)),
    waiting,
    servers: places,
    counts: { ...counts },
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
