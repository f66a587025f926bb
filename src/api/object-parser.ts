// From JSON of the API server to a typed object, for all kinds alike.
// Separate because it is loose on purpose: the API server judged the values when they were written, and an object
// that was stored before a rule existed must still be readable. Only the shape is checked, and unknown keys stay.
import { z } from 'zod';
import type { KubernetesObject } from './object-meta.ts';

/** Issues about a value that has the right shape. */
const VALUE_ISSUES: ReadonlySet<string> = new Set(['too_small', 'too_big']);

const metadataSchema = z.object({
  name: z.string(),
  namespace: z.string().exactOptional(),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.number(),
  creationTimestamp: z.string(),
});

/**
 * @param kind What `kind` must say.
 * @returns A function that gives its argument back, typed; it throws an Error with a sentence when it cannot.
 */
export function objectParser<T extends KubernetesObject>(kind: string, spec: z.ZodType, status: z.ZodType): (raw: unknown) => T {
  const schema = z.object({
    kind: z.literal(kind),
    metadata: metadataSchema,
    spec,
    status: status.optional(),
  });
  return (raw) => {
    const issues = schema.safeParse(raw).error?.issues ?? [];
    const issue = issues.find(({ code }) => !VALUE_ISSUES.has(code));
    if (issue === undefined) return raw as T;
    throw new Error(`not a readable ${kind}: ${issue.path.join('.')}: ${issue.message}`);
  };
}
