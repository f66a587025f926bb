/**
 * PostgreSQL servers in numbers: whether each is usable, why not, and how much room it has. Separate from the tenants'
 * numbers, which come from other objects.
 */
import type { Registry } from 'prom-client';

import { ConditionType, findCondition, isTrue } from '../api/conditions.ts';
import type { PostgresServer } from '../api/postgres-server.ts';
import { collectedGauge, type Sample } from './collected.ts';

/** @param servers undefined while they are not known yet */
export function registerServerSeries(registry: Registry, servers: () => readonly PostgresServer[] | undefined): void {
  const perServer = (name: string, help: string, value: (server: PostgresServer) => number | undefined): void =>
    collectedGauge(registry, {
      name,
      help,
      labels: ['server'],
      samples: () =>
        (servers() ?? []).flatMap((server): readonly Sample[] => {
          const number = value(server);
          return number === undefined ? [] : [[{ server: server.metadata.name }, number]];
        }),
    });
  perServer('studio_server_up', '1 for a PostgresServer that is Ready.', ({ status }) =>
    isTrue(status?.conditions, ConditionType.Ready) ? 1 : 0,
  );
  perServer('studio_server_databases', "Tenants' databases on a PostgresServer.", ({ status }) => status?.databases);
  perServer('studio_server_max_databases', 'How many a PostgresServer may hold.', ({ spec }) => spec.capacity.maxDatabases);
  perServer('studio_server_schedulable', '1 for a PostgresServer that takes new tenants.', ({ spec }) => (spec.unschedulable ? 0 : 1));
  collectedGauge(registry, {
    name: 'studio_server_info',
    help: 'Always 1; its labels say which PostgreSQL a PostgresServer is, and the reason of its Ready condition.',
    labels: ['server', 'version', 'reason'],
    samples: () => (servers() ?? []).map(infoOf),
  });
}

function infoOf({ metadata, status }: PostgresServer): Sample {
  const reason = findCondition(status?.conditions, ConditionType.Ready)?.reason ?? '';
  return [{ server: metadata.name, version: status?.version ?? '', reason }, 1];
}
