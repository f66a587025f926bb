/*
 * Connections to tenants' databases in numbers, read from the pools' own. Separate from requests: a pool can be exhausted
 * long before a request fails.
 */
import type { Registry } from 'prom-client';

import { collectedCounter, collectedGauge, type Sample } from '../../metrics/collected.ts';
import type { PoolsStats, ServerStats } from '../../routing/index.ts';

export function registerPoolMetrics(registry: Registry, stats: () => PoolsStats): void {
  registerTotals(registry, stats);
  const perServer = (name: string, help: string, value: (server: ServerStats) => number): void =>
    collectedGauge(registry, {
      name,
      help,
      labels: ['address'],
      samples: () => stats().servers.map((server): Sample => [{ address: server.server }, value(server)]),
    });
  perServer('studio_app_server_connections', 'Connections to one PostgreSQL server.', ({ connections }) => connections);
  perServer(
    'studio_app_server_connections_limit',
    'How many this process may have to it (MAX_CONNECTIONS_PER_SERVER).',
    ({ limit }) => limit,
  );
  perServer('studio_app_server_waiting_tenants', 'Tenants that wait for a connection to it.', ({ waitingTenants }) => waitingTenants);
}

function registerTotals(registry: Registry, stats: () => PoolsStats): void {
  collectedGauge(registry, {
    name: 'studio_app_pools',
    help: 'Tenants with a pool of connections (at most MAX_POOLS).',
    labels: [],
    samples: () => [[{}, stats().pools]],
  });
  collectedGauge(registry, {
    name: 'studio_app_pool_connections',
    help: "Connections to tenants' databases: idle, busy, or being opened.",
    labels: ['state'],
    samples: () => {
      const { idle, busy, opening } = stats();
      return Object.entries({ idle, busy, opening }).map(([state, count]): Sample => [{ state }, count]);
    },
  });
  collectedGauge(registry, {
    name: 'studio_app_pool_waiting',
    help: 'Requests that wait for a connection.',
    labels: [],
    samples: () => [[{}, stats().waiting]],
  });
  collectedCounter(registry, {
    name: 'studio_app_pool_events_total',
    help: 'What happened to connections; failed: none could be opened, overloaded: a request was turned away.',
    labels: ['event'],
    samples: () => Object.entries(stats().counts).map(([event, count]): Sample => [{ event }, count]),
  });
}
