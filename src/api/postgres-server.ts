// PostgresServer: a PostgreSQL server that tenants' databases live on. Schema and types of the kind.
// Schema and types are one: the CRD is generated from what stands here.
import { z } from 'zod';
import { conditionsSchema } from './conditions.ts';
import type { Immutable } from './immutable.ts';
import type { KubernetesObject } from './object-meta.ts';
import { observedGenerationSchema } from './observed-generation.ts';
import { DATABASE_IDENTIFIER, DNS_SUBDOMAIN } from './patterns.ts';
import { secretReferenceSchema } from './references.ts';
import { matches, validations } from './validation-rules.ts';

/** The modes of libpq's sslmode that promise something. */
export const TlsMode = {
  Disable: 'disable',
  Require: 'require',
  VerifyCa: 'verify-ca',
  VerifyFull: 'verify-full',
} as const;
export type TlsMode = (typeof TlsMode)[keyof typeof TlsMode];

const hostSchema = z
  .string()
  .max(253)
  .meta(
    validations({
      rule: `isIP(self) || ${matches('self', DNS_SUBDOMAIN)}`,
      message: 'must be a host name in lower case or an IP address, without scheme, port or path, such as pg-main.databases.svc',
    }),
  );

const portSchema = z.int().min(1).max(65_535);

const addressSchema = z.object({
  host: hostSchema.exactOptional().meta({ description: "The server's host when omitted." }),
  port: portSchema.exactOptional().meta({ description: "The server's port when omitted." }),
});

const tlsSchema = z
  .object({
    mode: z.enum(TlsMode).default('require').meta({ description: "As libpq's sslmode." }),
    caSecretRef: secretReferenceSchema.exactOptional().meta({
      description: "The Secret whose key ca.crt holds the server's certificate authority.",
    }),
  })
  .meta(
    validations({
      rule: "!(self.mode in ['verify-ca', 'verify-full']) || has(self.caSecretRef)",
      message: 'tls.mode verify-ca and verify-full need tls.caSecretRef: a Secret whose key ca.crt holds the certificate authority',
      reason: 'FieldValueRequired',
    }),
  );

const maintenanceDatabaseSchema = z
  .string()
  .max(63)
  .meta(
    validations(
      {
        rule: matches('self', DATABASE_IDENTIFIER),
        message: "a database's name begins with a letter or underscore and has letters, digits, underscores and hyphens only",
      },
      {
        rule: "!(self in ['template0', 'template1'])",
        message: 'the maintenance database cannot be a template database',
      },
    ),
  );

export const postgresServerSpecSchema = z.object({
  host: hostSchema.meta({ description: 'Where the operator connects to.' }),
  port: portSchema.default(5432).meta({ description: 'Its port.' }),
  adminSecretRef: secretReferenceSchema.meta({
    description: "The Secret with the operator's login, keys username and password.",
  }),
  tls: tlsSchema
    .default({ mode: TlsMode.Require })
    .meta({ description: 'How connections are encrypted, for the operator and for tenants.' }),
  maintenanceDatabase: maintenanceDatabaseSchema
    .default('postgres')
    .meta({ description: 'The database the operator connects to for work on the server.' }),
  connect: addressSchema.prefault({}).meta({ description: 'What tenants get: for example a pooler.' }),
  direct: addressSchema.prefault({}).meta({ description: 'What migrations get: never a transaction pooler.' }),
  capacity: z
    .object({
      maxDatabases: z.int().min(1).max(100_000).default(2000).meta({ description: 'How many tenants may be placed here.' }),
    })
    .prefault({})
    .meta({ description: 'How much the server may hold.' }),
  unschedulable: z.boolean().default(false).meta({ description: 'Keeps new tenants away; those that are here stay.' }),
});

export const postgresServerStatusSchema = z.object({
  observedGeneration: observedGenerationSchema,
  version: z.string().exactOptional().meta({ description: "The server's version." }),
  databases: z.int().exactOptional().meta({ description: "How many tenants' databases are here." }),
  identity: z.string().exactOptional().meta({ description: 'Tells this server from any other that answers at its address.' }),
  operatorRole: z.string().exactOptional().meta({ description: 'The role the operator works as.' }),
  conditions: conditionsSchema,
});

export type PostgresServerSpec = Immutable<z.output<typeof postgresServerSpecSchema>>;
export type PostgresServerStatus = Immutable<z.output<typeof postgresServerStatusSchema>>;

export interface PostgresServer extends KubernetesObject {
  readonly spec: PostgresServerSpec;
  readonly status?: PostgresServerStatus;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What tenants connect to. */
export function connectAddress(spec: Pick<PostgresServerSpec, 'host' | 'port' | 'connect'>): Address {
  return { host: spec.connect.host ?? spec.host, port: spec.connect.port ?? spec.port };
}

/** What migrations connect to. */
export function directAddress(spec: Pick<PostgresServerSpec, 'host' | 'port' | 'direct'>): Address {
  return { host: spec.direct.host ?? spec.host, port: spec.direct.port ?? spec.port };
}
