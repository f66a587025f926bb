// The status of a StudioTenant: what the operator reports, and nobody else writes.
// Separate from the spec because the two have different writers; it carries no rules, so that a report never fails.
import { z } from 'zod';
import { conditionsSchema } from './conditions.ts';
import { observedGenerationSchema } from './observed-generation.ts';

export const Phase = {
  Pending: 'Pending',
  Provisioning: 'Provisioning',
  Ready: 'Ready',
  Upgrading: 'Upgrading',
  Degraded: 'Degraded',
  Suspended: 'Suspended',
  Failed: 'Failed',
  Deleting: 'Deleting',
} as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

const databaseSchema = z.object({
  server: z.string().meta({ description: 'The PostgresServer the database was placed on.' }),
  host: z.string().exactOptional(),
  port: z.int().exactOptional(),
  name: z.string().exactOptional(),
  oid: z.int().exactOptional().meta({ description: 'Once recorded, a missing database is never created again.' }),
});

const credentialsSchema = z.object({
  secretName: z.string(),
  username: z.string().exactOptional(),
  generation: z.int().exactOptional().meta({ description: 'Counts the passwords so far.' }),
});

const schemaStatusSchema = z.object({
  release: z.string().exactOptional().meta({ description: 'The SchemaRelease last brought in.' }),
  version: z.int().exactOptional().meta({ description: 'Its version.' }),
  target: z.int().exactOptional().meta({ description: 'The version to be brought in.' }),
  job: z.string().exactOptional().meta({ description: 'The migration Job, while one runs.' }),
});

const handledSchema = z.object({
  retry: z.string().exactOptional(),
  rotate: z.string().exactOptional(),
});

const lastErrorSchema = z.object({
  step: z.string(),
  reason: z.string(),
  message: z.string(),
  code: z.string().exactOptional().meta({ description: 'SQLSTATE, HTTP code or exit code.' }),
  attempts: z.int(),
  at: z.string().meta({ format: 'date-time' }),
});

export const studioTenantStatusSchema = z.object({
  observedGeneration: observedGenerationSchema,
  phase: z.enum(Phase).exactOptional(),
  organizationId: z.int().exactOptional().meta({ description: 'The N of studio_N_db: the id in the master database.' }),
  url: z.string().exactOptional(),
  database: databaseSchema.exactOptional(),
  credentials: credentialsSchema.exactOptional(),
  schema: schemaStatusSchema.exactOptional(),
  handled: handledSchema.exactOptional().meta({ description: 'The values of the retry and rotate annotations that were acted on.' }),
  lastError: lastErrorSchema.exactOptional().meta({ description: 'What went wrong last; absent when all is well.' }),
  conditions: conditionsSchema,
});
