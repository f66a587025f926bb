// Annotations that a tenant asks for on its Ingress.
// Separate because they are other people's code: some controllers run what a "snippet" says, so those never pass.
import { z } from 'zod';
import { ANNOTATION_KEY } from './patterns.ts';
import { matches, validations } from './validation-rules.ts';

/** As in configuration-snippet, server-snippets and auth-snippet of the various controllers. */
const SNIPPET = 'snippet';

export const ingressAnnotationsSchema = z.record(z.string(), z.string().max(4096)).meta({
  maxProperties: 32,
  description: "Annotations for the Ingress. Only prefixes that the operator's configuration allows; the operator's own win.",
  ...validations(
    {
      rule: `self.all(k, ${matches('k', ANNOTATION_KEY)})`,
      message:
        "an annotation's key is a name of up to 63 letters, digits, hyphens, underscores and dots, with a prefix such as nginx.ingress.kubernetes.io/ before it",
    },
    {
      rule: `self.all(k, !k.lowerAscii().contains('${SNIPPET}'))`,
      message: 'snippet annotations are never allowed: they would run in the Ingress controller',
      reason: 'FieldValueForbidden',
    },
  ),
});

/** Whether the annotation would put configuration text into an Ingress controller. */
export function isSnippetAnnotation(key: string): boolean {
  return key.toLowerCase().includes(SNIPPET);
}
