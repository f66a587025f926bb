/**
 * The fleet in numbers, counted from the caches when somebody asks. Separate from the series with a name in them: these stay
 * as few however many tenants there are. Every replica reports the whole fleet: take `max by (...)`, never a sum.
 */
import type { Registry } from 'prom-client';

import { ConditionType, findCondition } from '../api/conditions.ts';
import type { PostgresServer } from '../api/postgres-server.ts';
import type { SchemaRelease } from '../api/schema-release.ts';
import { Phase } from '../api/studio-tenant-status.ts';
import type { StudioTenant } from '../api/studio-tenant.ts';
import { collectedGauge, type Sample } from './collected.ts';
import { registerReleaseSeries } from './release-series.ts';
import { registerServerSeries } from './server-series.ts';
import { registerTenantSeries } from './tenant-series.ts';

/** Undefined while a first list is not in: nothing is reported then, for 0 would be wrong. */
export interface Fleet {
  tenants(): readonly StudioTenant[] | undefined;
  servers(): readonly PostgresServer[] | undefined;
  releases(): readonly SchemaRelease[] | undefined;
}

/** Which of a tenant's migrations are under way, and which ended badly. */
const MigrationState = { Running: 'running', Failed: 'failed' } as const;

export function registerFleetMetrics(registry: Registry, fleet: Fleet): void {
  const tenants = (): readonly StudioTenant[] | undefined => fleet.tenants();
  registerCounts(registry, tenants);
  registerTenantSeries(registry, tenants);
  registerServerSeries(registry, () => fleet.servers());
  registerReleaseSeries(registry, () => fleet.releases());
}

function registerCounts(registry: Registry, tenants: () => readonly StudioTenant[] | undefined): void {
  counted(registry, tenants, {
    name: 'studio_tenants',
    help: 'StudioTenants by phase.',
    label: 'phase',
    keyOf: ({ status }) => status?.phase ?? Phase.Pending,
    always: Object.values(Phase),
  });
  counted(registry, tenants, {
    name: 'studio_tenants_by_release',
    help: 'StudioTenants by the SchemaRelease their schema is at; empty for none.',
    label: 'release',
    keyOf: ({ status }) => status?.schema?.release ?? '',
    always: [],
  });
  counted(registry, tenants, {
    name: 'studio_tenants_by_server',
    help: 'StudioTenants by the PostgresServer they are placed on; empty for none yet.',
    label: 'server',
    keyOf: ({ status }) => status?.database?.server ?? '',
    always: [],
  });
  counted(registry, tenants, {
    name: 'studio_migrations',
    help: 'Tenants whose migration is running, and tenants whose last one failed.',
    label: 'state',
    keyOf: migrationState,
    always: Object.values(MigrationState),
  });
}

interface Counted {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  /** Tenants without a key are left out. */
  readonly keyOf: (tenant: StudioTenant) => string | undefined;
  /** Keys that are shown even at 0. */
  readonly always: readonly string[];
}

function counted(
  registry: Registry,
  tenants: () => readonly StudioTenant[] | undefined,
  { name, help, label, keyOf, always }: Counted,
): void {
  const samples = (): readonly Sample[] => {
    const known = tenants();
    if (known === undefined) return [];
    const counts = new Map(always.map((key) => [key, 0]));
    for (const key of known.map(keyOf)) if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
    return [...counts].map(([key, count]) => [{ [label]: key }, count]);
  };
  collectedGauge(registry, { name, help, labels: [label], samples });
}

function migrationState({ status }: StudioTenant): string | undefined {
  if (status?.schema?.job !== undefined) return MigrationState.Running;
  const reason = findCondition(status?.conditions, ConditionType.SchemaReady)?.reason;
  return reason === 'MigrationFailed' ? MigrationState.Failed : undefined;
}
