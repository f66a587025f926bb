// StudioTenant: one customer of the platform. Schema and types of the kind.
// Schema and types are one: the CRD is generated from what stands here.
import { z } from 'zod';
import { customDomainsSchema } from './custom-domains.ts';
import { databaseSettingsSchema } from './database-settings.ts';
import type { Immutable } from './immutable.ts';
import { ingressAnnotationsSchema } from './ingress-annotations.ts';
import type { KubernetesObject } from './object-meta.ts';
import { EXTENSION_NAME, LONG_DURATION, SUBDOMAIN } from './patterns.ts';
import { nameOf, objectName } from './references.ts';
import { RESERVED_SUBDOMAINS } from './reserved.ts';
import type { studioTenantStatusSchema } from './studio-tenant-status.ts';
import { listOf, matches, validations } from './validation-rules.ts';

export const DeletionPolicy = { Retain: 'Retain', Delete: 'Delete' } as const;
export type DeletionPolicy = (typeof DeletionPolicy)[keyof typeof DeletionPolicy];

const subdomainSchema = z
  .string()
  .max(63)
  .meta({
    description: 'The first label of the host name under the base domain; unique over the platform.',
    ...validations(
      {
        rule: matches('self', SUBDOMAIN),
        message: 'a subdomain has 3 to 63 lower-case letters, digits and hyphens, and begins and ends with a letter or digit',
      },
      {
        rule: `!(self in ${listOf(RESERVED_SUBDOMAINS)})`,
        message: `this subdomain is reserved for the platform, as are ${RESERVED_SUBDOMAINS.join(', ')}; choose another`,
      },
    ),
  });

const extensionSchema = z
  .string()
  .max(63)
  .meta(
    validations({
      rule: matches('self', EXTENSION_NAME),
      message: "an extension's name begins with a lower-case letter and has lower-case letters, digits, underscores and hyphens only",
    }),
  );

const databaseSchema = z.object({
  server: nameOf('PostgresServer')
    .exactOptional()
    .meta({ description: 'The PostgresServer to live on; chosen by placement when omitted.' }),
  extensions: z.array(extensionSchema).max(20).default([]).meta({
    description: 'PostgreSQL extensions to create in the database; trusted ones only.',
    'x-kubernetes-list-type': 'set',
  }),
  connectionLimit: z
    .int()
    .min(1)
    .max(1000)
    .exactOptional()
    .meta({ description: "Connections per login of the tenant; the plan's when omitted." }),
  settings: databaseSettingsSchema.exactOptional(),
});

const issuerSchema = z.object({
  name: objectName('an issuer of certificates').meta({ description: "The issuer's name." }),
  kind: z.enum(['ClusterIssuer', 'Issuer']).default('ClusterIssuer').meta({ description: "The issuer's kind." }),
});

const ingressSchema = z.object({
  className: objectName('an IngressClass').exactOptional().meta({ description: "The operator's default when omitted." }),
  annotations: ingressAnnotationsSchema.exactOptional(),
  tls: z
    .object({
      secretName: objectName('a Secret').exactOptional().meta({ description: 'The Secret with the certificate.' }),
      issuer: issuerSchema.exactOptional().meta({ description: 'The cert-manager issuer to ask for certificates.' }),
    })
    .exactOptional()
    .meta({ description: "The operator's default when omitted." }),
  customDomains: customDomainsSchema.default([]),
});

const rotateEverySchema = z
  .string()
  .max(8)
  .meta({
    description: 'How often the password is rotated; never when omitted.',
    ...validations({
      rule: matches('self', LONG_DURATION),
      message: 'a rotation interval is a whole number with a unit h or d, from 1h to 9999d, such as 30d',
    }),
  });

export const studioTenantSpecSchema = z.object({
  displayName: z.string().min(1).max(120).meta({ description: "The studio's name as people write it." }),
  subdomain: subdomainSchema,
  plan: nameOf('TenantPlan').default('free').meta({ description: 'The TenantPlan.' }),
  aiCredits: z
    .object({
      monthlyAllowance: z.int().min(0).exactOptional().meta({ description: "AI credits per month; the plan's when omitted." }),
    })
    .prefault({})
    .meta({ description: 'AI credits of the tenant.' }),
  database: databaseSchema.prefault({}).meta({ description: "The tenant's database." }),
  release: nameOf('SchemaRelease').exactOptional().meta({ description: 'Pins the tenant to this SchemaRelease; the newest when omitted.' }),
  ingress: ingressSchema.prefault({}).meta({ description: 'The routing to the tenant.' }),
  credentials: z.object({ rotateEvery: rotateEverySchema.exactOptional() }).prefault({}).meta({ description: "The tenant's password." }),
  suspended: z.boolean().default(false).meta({ description: 'Refuses connections and keeps everything.' }),
  deletionPolicy: z.enum(DeletionPolicy).default('Retain').meta({
    description: 'What happens to the database when this object is deleted. Delete also needs the confirm-deletion annotation.',
  }),
});

export type StudioTenantSpec = Immutable<z.output<typeof studioTenantSpecSchema>>;
export type StudioTenantStatus = Immutable<z.output<typeof studioTenantStatusSchema>>;

export interface StudioTenant extends KubernetesObject {
  readonly spec: StudioTenantSpec;
  readonly status?: StudioTenantStatus;
}
