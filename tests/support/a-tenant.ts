/** Tenants, plans, servers and organizations for tests of pure code: whole objects, of which a test names what matters. */
import { API_VERSION, FINALIZER } from '../../src/api/group.ts';
import type { PostgresServer, PostgresServerSpec } from '../../src/api/postgres-server.ts';
import type { StudioTenant, StudioTenantSpec, StudioTenantStatus } from '../../src/api/studio-tenant.ts';
import type { Organization } from '../../src/master/organization.ts';

type Overrides = {
  readonly metadata?: Partial<StudioTenant['metadata']>;
  readonly spec?: Partial<StudioTenantSpec>;
  readonly status?: StudioTenantStatus;
};

export function aTenant({ metadata, spec, status }: Overrides = {}): StudioTenant {
  return {
    apiVersion: API_VERSION,
    kind: 'StudioTenant',
    metadata: {
      name: 'my-studio',
      namespace: 'studio-tenants',
      uid: '11111111-1111-4111-8111-111111111111',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      finalizers: [FINALIZER],
      ...metadata,
    },
    spec: {
      displayName: 'My Studio',
      subdomain: 'my-studio',
      plan: 'free',
      aiCredits: {},
      database: { extensions: [] },
      ingress: { customDomains: [] },
      credentials: {},
      suspended: false,
      deletionPolicy: 'Retain',
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  };
}

export function aServer(name: string, spec: Partial<PostgresServerSpec> = {}, more: Partial<PostgresServer> = {}): PostgresServer {
  return {
    apiVersion: API_VERSION,
    kind: 'PostgresServer',
    metadata: { name, uid: `uid-${name}`, resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      host: `${name}.example`,
      port: 5432,
      adminSecretRef: { name: `${name}-admin` },
      tls: { mode: 'disable' },
      maintenanceDatabase: 'postgres',
      connect: {},
      direct: {},
      capacity: { maxDatabases: 10 },
      unschedulable: false,
      ...spec,
    },
    status: {
      observedGeneration: 1,
      conditions: [
        { type: 'Ready', status: 'True', reason: 'Usable', message: '', lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 1 },
      ],
    },
    ...more,
  };
}

export function anOrganization(overrides: Partial<Organization> = {}): Organization {
  return {
    id: 42,
    uid: '11111111-1111-4111-8111-111111111111',
    clusterId: '00000000-0000-4000-8000-000000000000',
    namespace: 'studio-tenants',
    name: 'my-studio',
    displayName: 'My Studio',
    subdomain: 'my-studio',
    domains: [],
    serverName: 'main',
    databaseHost: 'main.example',
    databasePort: 5432,
    status: 'active',
    databaseName: 'studio_42_db',
    databaseOid: 16_412,
    databasePasswordHash: null,
    credentialsGeneration: 1,
    secretNamespace: null,
    secretName: null,
    secretResourceVersion: null,
    schemaRelease: null,
    schemaVersion: null,
    firstReadyAt: new Date('2026-01-01T00:00:00Z'),
    createdAt: new Date('2026-01-01T00:00:00Z'),
    updatedAt: new Date('2026-01-01T00:00:00Z'),
    subscription: { plan: 'free', monthlyAllowance: 0 },
    ...overrides,
  };
}
