/**
 * The fleet in numbers, counted from the caches when somebody asks. Separate because nothing reports these: a gauge
 * that is counted cannot drift from the truth, and labels of what is gone disappear by themselves.
 */
import { Gauge, type Registry } from 'prom-client';

import { ConditionType, findCondition, isTrue } from '../api/conditions.ts';
import type { PostgresServer } from '../api/postgres-server.ts';
import { Phase } from '../api/studio-tenant-status.ts';
import type { StudioTenant } from '../api/studio-tenant.ts';

export interface Fleet {
  tenants(): readonly StudioTenant[];
  servers(): readonly PostgresServer[];
}

/** Which of a tenant's migrations are under way, and which ended badly. */
const MigrationState = { Running: 'running', Failed: 'failed' } as const;

export function registerFleetMetrics(registry: Registry, fleet: Fleet): void {
  counted(registry, {
    name: 'studio_tenants',
    help: 'StudioTenants by phase.',
    label: 'phase',
    count: () => countBy(fleet.tenants(), (tenant) => tenant.status?.phase ?? Phase.Pending, Object.values(Phase)),
  });
  counted(registry, {
    name: 'studio_tenants_by_release',
    help: 'StudioTenants by the SchemaRelease their schema is at; empty for none.',
    label: 'release',
    count: () => countBy(fleet.tenants(), (tenant) => tenant.status?.schema?.release ?? '', []),
  });
  counted(registry, {
    name: 'studio_tenants_by_server',
    help: 'StudioTenants by the PostgresServer they are placed on; empty for none yet.',
    label: 'server',
    count: () => countBy(fleet.tenants(), (tenant) => tenant.status?.database?.server ?? '', []),
  });
  counted(registry, {
    name: 'studio_migrations',
    help: 'Tenants whose migration is running, and tenants whose last one failed.',
    label: 'state',
    count: () => countBy(fleet.tenants(), migrationState, Object.values(MigrationState)),
  });
  counted(registry, {
    name: 'studio_server_up',
    help: '1 for a PostgresServer that is Ready.',
    label: 'server',
    count: () =>
      new Map(fleet.servers().map((server) => [server.metadata.name, isTrue(server.status?.conditions, ConditionType.Ready) ? 1 : 0])),
  });
}

interface Counted {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  readonly count: () => ReadonlyMap<string, number>;
}

function counted(registry: Registry, { name, help, label, count }: Counted): void {
  const gauge: Gauge = new Gauge({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      gauge.reset();
      for (const [value, number] of count()) gauge.set({ [label]: value }, number);
    },
  });
}

/** How many items have each key; `always` are the keys that are shown even at 0. Items without a key are left out. */
function countBy<T>(items: readonly T[], keyOf: (item: T) => string | undefined, always: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map(always.map((key) => [key, 0]));
  for (const item of items) {
    const key = keyOf(item);
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function migrationState({ status }: StudioTenant): string | undefined {
  if (status?.schema?.job !== undefined) return MigrationState.Running;
  const reason = findCondition(status?.conditions, ConditionType.SchemaReady)?.reason;
  return reason === 'MigrationFailed' ? MigrationState.Failed : undefined;
}
