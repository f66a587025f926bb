// Schemas for the names of other objects.
// Separate because every kind refers to others, and always in the same two ways.
import { z } from 'zod';
import { DNS_LABEL, DNS_SUBDOMAIN, OBJECT_NAME } from './patterns.ts';
import { matches, validations } from './validation-rules.ts';

/** The name of an object of one of our own cluster-scoped kinds. */
export function nameOf(kind: string) {
  return z
    .string()
    .max(40)
    .meta(
      validations({
        rule: matches('self', OBJECT_NAME),
        message: `must be the name of a ${kind}: lower-case letters, digits and hyphens, beginning and ending with a letter or digit`,
      }),
    );
}

/** The name of an object of Kubernetes' own, such as a Secret. */
export function objectName(kind: string) {
  return z
    .string()
    .max(253)
    .meta(
      validations({
        rule: matches('self', DNS_SUBDOMAIN),
        message: `must be the name of ${kind}: lower-case letters, digits, hyphens and dots, beginning and ending with a letter or digit`,
      }),
    );
}

/** Without a namespace: the operator's own. */
export const secretReferenceSchema = z.object({
  namespace: z
    .string()
    .max(63)
    .exactOptional()
    .meta({
      description: "The Secret's namespace; the operator's own when omitted.",
      ...validations({
        rule: matches('self', DNS_LABEL),
        message: 'must be the name of a namespace: lower-case letters, digits and hyphens, beginning and ending with a letter or digit',
      }),
    }),
  name: objectName('a Secret').meta({ description: "The Secret's name." }),
});
export type SecretReference = Readonly<z.infer<typeof secretReferenceSchema>>;
