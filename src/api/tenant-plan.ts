// TenantPlan: what tenants get that do not ask for something else. Schema and types of the kind.
// Schema and types are one: the CRD is generated from what stands here.
import { z } from 'zod';
import { conditionsSchema } from './conditions.ts';
import { databaseSettingsSchema } from './database-settings.ts';
import type { Immutable } from './immutable.ts';
import { labelSelectorSchema } from './label-selector.ts';
import type { KubernetesObject } from './object-meta.ts';
import { observedGenerationSchema } from './observed-generation.ts';

export const tenantPlanSpecSchema = z.object({
  aiCredits: z
    .object({
      monthlyAllowance: z.int().min(0).default(0).meta({ description: 'AI credits per month.' }),
    })
    .prefault({})
    .meta({ description: 'AI credits of a tenant.' }),
  database: z
    .object({
      connectionLimit: z.int().min(1).max(1000).default(20).meta({ description: 'Connections per login of a tenant.' }),
      settings: databaseSettingsSchema.exactOptional(),
      serverSelector: labelSelectorSchema
        .exactOptional()
        .meta({ description: 'Which PostgresServers, by their labels; all when omitted.' }),
    })
    .prefault({})
    .meta({ description: 'The database of a tenant.' }),
  subscription: z
    .object({
      trialDays: z.int().min(0).max(3650).default(0).meta({ description: 'How long a new subscription is a trial; 0 is no trial.' }),
    })
    .prefault({})
    .meta({ description: 'The subscription of a new tenant.' }),
});

export const tenantPlanStatusSchema = z.object({
  observedGeneration: observedGenerationSchema,
  conditions: conditionsSchema,
});

export type TenantPlanSpec = Immutable<z.output<typeof tenantPlanSpecSchema>>;
export type TenantPlanStatus = Immutable<z.output<typeof tenantPlanStatusSchema>>;

export interface TenantPlan extends KubernetesObject {
  readonly spec: TenantPlanSpec;
  readonly status?: TenantPlanStatus;
}
