// Rows and tenants that tests of the directory begin with.

import type { RouteRow } from '../../../../src/routing/directory/route-query.ts';
import type { Tenant, TenantState } from '../../../../src/routing/tenant.ts';

export function aRow(
  key: string | null,
  organizationId: number,
  status: TenantState = 'active',
  changes: Partial<RouteRow> = {},
): RouteRow {
  return {
    key,
    organization_id: organizationId,
    subdomain: `studio-${organizationId}`,
    display_name: `Studio ${organizationId}`,
    status,
    database_name: `studio_${organizationId}_db`,
    database_host: 'pg-main',
    database_port: 5432,
    server_name: 'main',
    schema_release: 'studio-1',
    schema_version: 1,
    credentials_generation: 1,
    secret_namespace: 'studios',
    secret_name: `studio-${organizationId}-database`,
    ...changes,
  };
}

export function aTenant(changes: Partial<Tenant> = {}): Tenant {
  const { organizationId = 1 } = changes;
  return {
    organizationId,
    subdomain: `studio-${organizationId}`,
    displayName: `Studio ${organizationId}`,
    state: 'active',
    databaseName: `studio_${organizationId}_db`,
    server: { name: 'main', host: 'pg-main', port: 5432 },
    schema: undefined,
    credentials: undefined,
    ...changes,
  };
}
