// SchemaRelease: a version of the tenants' schema, as an image that can bring a database up to it.
// Schema and types are one: the CRD is generated from what stands here.
import { z } from 'zod';
import { conditionsSchema } from './conditions.ts';
import type { Immutable } from './immutable.ts';
import type { KubernetesObject } from './object-meta.ts';
import { observedGenerationSchema } from './observed-generation.ts';
import { ENVIRONMENT_NAME, IMAGE_REFERENCE, LOCK_TIMEOUT } from './patterns.ts';
import { objectName } from './references.ts';
import { resourceRequirementsSchema } from './resource-requirements.ts';
import { immutable, matches, validations } from './validation-rules.ts';

const environmentSchema = z
  .array(
    z.object({
      name: z
        .string()
        .max(253)
        .meta({
          description: "The variable's name.",
          ...validations(
            {
              rule: matches('self', ENVIRONMENT_NAME),
              message: "a variable's name begins with a letter or underscore and has letters, digits and underscores only",
            },
            {
              rule: "self != 'DATABASE_URL' && !self.startsWith('PG') && !self.startsWith('STUDIO_')",
              message: 'DATABASE_URL, PG… and STUDIO_… are set by the operator for each tenant',
              reason: 'FieldValueForbidden',
            },
          ),
        }),
      value: z.string().max(4096).default('').meta({ description: 'Its value.' }),
    }),
  )
  .max(64);

const lockTimeoutSchema = z
  .string()
  .max(8)
  .meta(
    validations({
      rule: matches('self', LOCK_TIMEOUT),
      message: 'a lock timeout is a whole number with a unit ms, s or m, such as 10s',
    }),
  );

export const schemaReleaseSpecSchema = z
  .object({
    version: z
      .int()
      .min(1)
      .meta({
        description: 'Orders the releases; the highest is the newest. Cannot be changed.',
        ...validations(immutable('version')),
      }),
    image: z
      .string()
      .max(512)
      .exactOptional()
      .meta({
        description: "The image with all migrations up to this version; the operator's own when omitted. Cannot be changed.",
        ...validations(immutable('image'), {
          rule: matches('self', IMAGE_REFERENCE),
          message: 'an image is a reference such as registry.example/studio-schema:7',
        }),
      }),
    command: z
      .array(z.string().max(4096))
      .min(1)
      .max(64)
      .default(['migrate'])
      .meta({
        description: 'Cannot be changed.',
        'x-kubernetes-list-type': 'atomic',
        ...validations(immutable('command')),
      }),
    args: z
      .array(z.string().max(4096))
      .max(64)
      .default([])
      .meta({
        description: 'Cannot be changed.',
        'x-kubernetes-list-type': 'atomic',
        ...validations(immutable('args')),
      }),
    env: environmentSchema.default([]).meta({
      description: 'Further environment variables of the migration. Cannot be changed.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      ...validations(immutable('env')),
    }),
    resources: resourceRequirementsSchema
      .exactOptional()
      .meta({ description: "Of the migration's container; the operator's default when omitted." }),
    backoffLimit: z.int().min(0).max(10).default(3).meta({
      description: 'How often a failed pod is tried again before the migration has failed.',
    }),
    activeDeadlineSeconds: z.int().min(1).max(86_400).default(600).meta({ description: 'How long one attempt may take.' }),
    lockTimeout: lockTimeoutSchema.default('10s').meta({
      description: 'How long a migration waits for a lock, so that it does not hold up the application.',
    }),
    imagePullSecrets: z
      .array(z.object({ name: objectName('a Secret').meta({ description: "The Secret's name." }) }))
      .max(10)
      .default([])
      .meta({
        description: "Secrets in the tenants' namespaces.",
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      }),
    paused: z.boolean().default(false).meta({ description: 'No new migration starts.' }),
    maxFailures: z.int().min(1).max(100_000).default(3).meta({ description: 'After this many failed tenants no new migration starts.' }),
  })
  .meta(
    validations({
      // A rule on the field itself does not run while the field is being added or removed.
      rule: 'has(self.image) == has(oldSelf.image)',
      message: 'image cannot be changed; make a new object instead',
      reason: 'FieldValueForbidden',
      fieldPath: '.image',
    }),
  );

export const schemaReleaseStatusSchema = z.object({
  observedGeneration: observedGenerationSchema,
  pending: z.int().exactOptional().meta({ description: 'Tenants still to be brought here.' }),
  running: z.int().exactOptional().meta({ description: 'Tenants being brought here now.' }),
  done: z.int().exactOptional().meta({ description: 'Tenants that are here.' }),
  failed: z.int().exactOptional().meta({ description: 'Tenants whose migration failed.' }),
  failedTenants: z.array(z.string()).max(100).exactOptional().meta({
    description: 'Some of the failed tenants, as namespace/name.',
    'x-kubernetes-list-type': 'atomic',
  }),
  halted: z.boolean().exactOptional().meta({ description: 'Too many tenants failed: no new migration starts until a retry.' }),
  handled: z
    .object({ retry: z.string().exactOptional().meta({ description: 'Of the retry annotation.' }) })
    .exactOptional()
    .meta({ description: 'The values of annotations that were acted on.' }),
  conditions: conditionsSchema,
});

export type SchemaReleaseSpec = Immutable<z.output<typeof schemaReleaseSpecSchema>>;
export type SchemaReleaseStatus = Immutable<z.output<typeof schemaReleaseStatusSchema>>;

export interface SchemaRelease extends KubernetesObject {
  readonly spec: SchemaReleaseSpec;
  readonly status?: SchemaReleaseStatus;
}
