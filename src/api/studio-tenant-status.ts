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
  host: z.string().exactOptional().meta({ description: 'What the tenant connects to.' }),
  port: z.int().exactOptional().meta({ description: 'Its port.' }),
  name: z.string().exactOptional().meta({ description: 'The name of the database.' }),
  oid: z.int().exactOptional().meta({ description: 'Once recorded, a missing database is never created again.' }),
});

const credentialsSchema = z.object({
  secretName: z.string().meta({ description: 'The Secret with the connection.' }),
  username: z.string().exactOptional().meta({ description: 'The login it is for.' }),
  generation: z.int().exactOptional().meta({ description: 'Counts the passwords so far.' }),
});

const schemaStatusSchema = z.object({
  release: z.string().exactOptional().meta({ description: 'The SchemaRelease last brought in.' }),
  version: z.int().exactOptional().meta({ description: 'Its version.' }),
  target: z.int().exactOptional().meta({ description: 'The version to be brought in.' }),
  job: z.string().exactOptional().meta({ description: 'The migration Job, while one runs.' }),
});

const handledSchema = z.object({
  retry: z.string().exactOptional().meta({ description: 'Of the retry annotation.' }),
  rotate: z.string().exactOptional().meta({ description: 'Of the rotate annotation.' }),
});

const lastErrorSchema = z.object({
  step: z.string().meta({ description: 'The step it happened in.' }),
  reason: z.string().meta({ description: 'One CamelCase word for machines.' }),
  message: z.string().meta({ description: 'A sentence for people.' }),
  code: z.string().exactOptional().meta({ description: 'SQLSTATE, HTTP code or exit code.' }),
  attempts: z.int().meta({ description: 'How often it was tried.' }),
  at: z.string().meta({ format: 'date-time', description: 'When it was last tried.' }),
});

export const studioTenantStatusSchema = z.object({
  observedGeneration: observedGenerationSchema,
  phase: z.enum(Phase).exactOptional().meta({ description: 'All conditions in one word, for people.' }),
  organizationId: z.int().exactOptional().meta({ description: 'The N of studio_N_db: the id in the master database.' }),
  url: z.string().exactOptional().meta({ description: 'Where the studio answers.' }),
  database: databaseSchema.exactOptional().meta({ description: 'The database, once placed.' }),
  credentials: credentialsSchema.exactOptional().meta({ description: 'How to connect.' }),
  schema: schemaStatusSchema.exactOptional().meta({ description: "The database's schema." }),
  handled: handledSchema.exactOptional().meta({ description: 'The values of annotations that were acted on.' }),
  lastError: lastErrorSchema.exactOptional().meta({ description: 'What went wrong last; absent when all is well.' }),
  conditions: conditionsSchema,
});
