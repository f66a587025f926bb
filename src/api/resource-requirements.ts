// Requests and limits of a container.
// Separate because quantities are the one place where YAML may say a number or a string.
import { z } from 'zod';
import type { Immutable } from './immutable.ts';
import { validations } from './validation-rules.ts';

const quantitySchema = z.union([z.int(), z.string()]).meta({
  'x-kubernetes-int-or-string': true,
  maxLength: 32,
  ...validations({
    rule: 'type(self) == int ? self >= 0 : isQuantity(self)',
    message: 'must be a quantity such as 500m, 2 or 256Mi',
  }),
});

const quantitiesSchema = z.record(z.string(), quantitySchema).meta({ maxProperties: 16 });

export const resourceRequirementsSchema = z.object({
  requests: quantitiesSchema.exactOptional().meta({ description: 'What the container is sure to get.' }),
  limits: quantitiesSchema.exactOptional().meta({ description: 'What the container gets at most.' }),
});
export type ResourceRequirements = Immutable<z.output<typeof resourceRequirementsSchema>>;
