// A label selector, as everywhere in Kubernetes.
// Separate because it is a small language of its own with one evaluator.
import { z } from 'zod';
import type { Immutable } from './immutable.ts';
import { validations } from './validation-rules.ts';

const SelectorOperator = {
  In: 'In',
  NotIn: 'NotIn',
  Exists: 'Exists',
  DoesNotExist: 'DoesNotExist',
} as const;
type SelectorOperator = (typeof SelectorOperator)[keyof typeof SelectorOperator];

const requirementSchema = z
  .object({
    key: z.string().min(1).max(317).meta({ description: "The label's key." }),
    operator: z.enum(SelectorOperator).meta({ description: "What must hold of the label's value." }),
    values: z.array(z.string().max(63)).max(50).exactOptional().meta({ description: 'For In and NotIn.', 'x-kubernetes-list-type': 'set' }),
  })
  .meta(
    validations({
      rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
      message: 'In and NotIn need values; Exists and DoesNotExist take none',
    }),
  );

export const labelSelectorSchema = z.object({
  matchLabels: z
    .record(z.string(), z.string().max(63))
    .exactOptional()
    .meta({ maxProperties: 32, description: 'Labels that must be there with these values.' }),
  matchExpressions: z
    .array(requirementSchema)
    .max(32)
    .exactOptional()
    .meta({ description: 'Further requirements.', 'x-kubernetes-list-type': 'atomic' }),
});
export type LabelSelector = Immutable<z.output<typeof labelSelectorSchema>>;
type Requirement = NonNullable<LabelSelector['matchExpressions']>[number];
type Labels = Readonly<Record<string, string>>;

/** An empty selector matches everything, as in Kubernetes. */
export function matchesSelector(selector: LabelSelector, labels: Labels = {}): boolean {
  const wanted = Object.entries(selector.matchLabels ?? {});
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every((requirement) => isMet(requirement, labels))
  );
}

function isMet({ key, operator, values = [] }: Requirement, labels: Labels): boolean {
  const value = labels[key];
  const isIn = value !== undefined && values.includes(value);
  const answers: Readonly<Record<SelectorOperator, boolean>> = {
    In: isIn,
    NotIn: !isIn,
    Exists: value !== undefined,
    DoesNotExist: value === undefined,
  };
  return answers[operator];
}
