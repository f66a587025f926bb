// The four CustomResourceDefinitions, built from the kinds' schemas.
// Separate from the kinds because this is how they look from outside: names, columns, fields to select by.
import type { z } from 'zod';
import { GROUP, VERSION } from './group.ts';
import { UNSEEN_STATUS } from './observed-generation.ts';
import { OBJECT_NAME } from './patterns.ts';
import { postgresServerSpecSchema, postgresServerStatusSchema } from './postgres-server.ts';
import {
  apiVersionOf,
  CUSTOM_RESOURCE_DEFINITION,
  POSTGRES_SERVER,
  type Resource,
  SCHEMA_RELEASE,
  STUDIO_TENANT,
  TENANT_PLAN,
} from './resources.ts';
import { schemaReleaseSpecSchema, schemaReleaseStatusSchema } from './schema-release.ts';
import { type JsonSchema, structuralSchema } from './structural-schema.ts';
import { studioTenantSpecSchema } from './studio-tenant.ts';
import { studioTenantStatusSchema } from './studio-tenant-status.ts';
import { tenantPlanSpecSchema, tenantPlanStatusSchema } from './tenant-plan.ts';
import { matches, validations } from './validation-rules.ts';

interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description?: string;
  /** 1: only with `-o wide`. */
  readonly priority?: 1;
}

interface Kind {
  readonly resource: Resource;
  readonly shortName: string;
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  readonly columns: readonly Column[];
  readonly selectableFields: readonly string[];
}

export interface CustomResourceDefinition {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A removed definition takes every object with it, so tools that prune must leave it alone. */
const KEEP = {
  'helm.sh/resource-policy': 'keep',
  'argocd.argoproj.io/sync-options': 'Prune=false',
} as const;

const READY = condition('Ready', 'status');
const REASON = condition('Reason', 'reason');
const MESSAGE: Column = { ...condition('Message', 'message'), priority: 1 };
const AGE: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

const KINDS: readonly Kind[] = [
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

export function customResourceDefinitions(): readonly CustomResourceDefinition[] {
  return KINDS.map(definition);
}

function definition(kind: Kind): CustomResourceDefinition {
  const { resource } = kind;
  return {
    apiVersion: apiVersionOf(CUSTOM_RESOURCE_DEFINITION),
    kind: CUSTOM_RESOURCE_DEFINITION.kind,
    metadata: { name: `${resource.plural}.${GROUP}`, annotations: KEEP },
    spec: {
      group: GROUP,
      scope: resource.namespaced ? 'Namespaced' : 'Cluster',
      names: {
        kind: resource.kind,
        listKind: `${resource.kind}List`,
        plural: resource.plural,
        singular: resource.kind.toLowerCase(),
        shortNames: [kind.shortName],
        categories: ['studio'],
      },
      conversion: { strategy: 'None' },
      versions: [version(kind)],
    },
  };
}

function version(kind: Kind): JsonSchema {
  return {
    name: VERSION,
    served: true,
    storage: true,
    subresources: { status: {} },
    additionalPrinterColumns: kind.columns,
    ...(kind.selectableFields.length === 0 ? {} : { selectableFields: kind.selectableFields.map((jsonPath) => ({ jsonPath })) }),
    schema: { openAPIV3Schema: rootSchema(kind) },
  };
}

function rootSchema(kind: Kind): JsonSchema {
  const spec = structuralSchema(kind.spec);
  const isOptional = spec['required'] === undefined;
  return {
    description: kind.description,
    type: 'object',
    ...(isOptional ? {} : { required: ['spec'] }),
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      // The name is declared so that the rule below can point at it; nothing else of the metadata may be.
      metadata: { type: 'object', properties: { name: { type: 'string' } } },
      spec: { description: 'What is asked for.', ...spec, ...(isOptional ? { default: {} } : {}) },
      status: { description: 'What the operator reports.', ...structuralSchema(kind.status), default: UNSEEN_STATUS },
    },
    // The only rule at the root, now and later: one added later would hold up the status writes and the deletion of
    // objects that are there already, whereas a rule on a field lets an unchanged value pass.
    ...validations({
      rule: matches('self.metadata.name', OBJECT_NAME),
      message:
        'a name has at most 40 lower-case letters, digits and hyphens, and begins and ends with a letter or digit: names of Jobs and Services are made from it',
      fieldPath: '.metadata.name',
    }),
  };
}

function condition(name: string, field: string): Column {
  return { name, type: 'string', jsonPath: `.status.conditions[?(@.type=="Ready")].${field}` };
}
