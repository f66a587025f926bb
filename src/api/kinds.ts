// How the four kinds look from outside: short names, columns of `kubectl get`, fields to select by.
// Separate from the schemas because these are for people at a terminal and change with what they ask for.
import type { z } from 'zod';
import { postgresServerSpecSchema, postgresServerStatusSchema } from './postgres-server.ts';
import { POSTGRES_SERVER, type Resource, SCHEMA_RELEASE, STUDIO_TENANT, TENANT_PLAN } from './resources.ts';
import { schemaReleaseSpecSchema, schemaReleaseStatusSchema } from './schema-release.ts';
import { studioTenantSpecSchema } from './studio-tenant.ts';
import { studioTenantStatusSchema } from './studio-tenant-status.ts';
import { tenantPlanSpecSchema, tenantPlanStatusSchema } from './tenant-plan.ts';

interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description?: string;
  /** 1: only with `-o wide`. */
  readonly priority?: 1;
}

export interface Kind {
  readonly resource: Resource;
  readonly shortName: string;
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  readonly columns: readonly Column[];
  readonly selectableFields: readonly string[];
}

const READY = condition('Ready', 'status');
const REASON = condition('Reason', 'reason');
const MESSAGE: Column = { ...condition('Message', 'message'), priority: 1 };
const AGE: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

export const KINDS: readonly Kind[] = [
  {
    resource: STUDIO_TENANT,
    shortName: 'st',
    description: 'One customer of the platform, with a database of its own and the routing to it.',
    spec: studioTenantSpecSchema,
    status: studioTenantStatusSchema,
    columns: [
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      READY,
      REASON,
      { name: 'Plan', type: 'string', jsonPath: '.spec.plan' },
      { name: 'Database', type: 'string', jsonPath: '.status.database.name' },
      { name: 'Schema', type: 'integer', jsonPath: '.status.schema.version' },
      { name: 'URL', type: 'string', jsonPath: '.status.url' },
      { name: 'Server', type: 'string', jsonPath: '.status.database.server', priority: 1 },
      { name: 'Release', type: 'string', jsonPath: '.status.schema.release', priority: 1 },
      MESSAGE,
      { name: 'Error', type: 'string', jsonPath: '.status.lastError.message', priority: 1 },
      AGE,
    ],
    selectableFields: ['.spec.subdomain', '.spec.plan', '.status.phase', '.status.database.server'],
  },
  {
    resource: POSTGRES_SERVER,
    shortName: 'pgs',
    description: "A PostgreSQL server that tenants' databases live on.",
    spec: postgresServerSpecSchema,
    status: postgresServerStatusSchema,
    columns: [
      { name: 'Host', type: 'string', jsonPath: '.spec.host' },
      { name: 'Version', type: 'string', jsonPath: '.status.version' },
      { name: 'Databases', type: 'integer', jsonPath: '.status.databases' },
      { name: 'Capacity', type: 'integer', jsonPath: '.spec.capacity.maxDatabases' },
      { name: 'Unschedulable', type: 'boolean', jsonPath: '.spec.unschedulable' },
      READY,
      REASON,
      { name: 'Role', type: 'string', jsonPath: '.status.operatorRole', priority: 1 },
      MESSAGE,
      AGE,
    ],
    selectableFields: ['.spec.unschedulable'],
  },
  {
    resource: TENANT_PLAN,
    shortName: 'tp',
    description: 'What tenants of a plan get that do not ask for something else.',
    spec: tenantPlanSpecSchema,
    status: tenantPlanStatusSchema,
    columns: [
      { name: 'Credits', type: 'integer', jsonPath: '.spec.aiCredits.monthlyAllowance' },
      { name: 'Connections', type: 'integer', jsonPath: '.spec.database.connectionLimit' },
      { name: 'Trial', type: 'integer', jsonPath: '.spec.subscription.trialDays' },
      READY,
      MESSAGE,
      AGE,
    ],
    selectableFields: [],
  },
  {
    resource: SCHEMA_RELEASE,
    shortName: 'rel',
    description: "A version of the tenants' schema, and the image that brings a database up to it.",
    spec: schemaReleaseSpecSchema,
    status: schemaReleaseStatusSchema,
    columns: [
      { name: 'Version', type: 'integer', jsonPath: '.spec.version' },
      { name: 'Pending', type: 'integer', jsonPath: '.status.pending' },
      { name: 'Running', type: 'integer', jsonPath: '.status.running' },
      { name: 'Done', type: 'integer', jsonPath: '.status.done' },
      { name: 'Failed', type: 'integer', jsonPath: '.status.failed' },
      { name: 'Paused', type: 'boolean', jsonPath: '.spec.paused' },
      READY,
      REASON,
      { name: 'Image', type: 'string', jsonPath: '.spec.image', priority: 1 },
      MESSAGE,
      AGE,
    ],
    selectableFields: ['.spec.version'],
  },
];

function condition(name: string, field: string): Column {
  return { name, type: 'string', jsonPath: `.status.conditions[?(@.type=="Ready")].${field}` };
}
