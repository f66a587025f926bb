// Conditions: their schema, their names, and the one setter.
// Separate because all kinds share them, and because lastTransitionTime must be kept in one place only.
import { z } from 'zod';
import type { Immutable } from './immutable.ts';

export const ConditionType = {
  Ready: 'Ready',
  Reconciling: 'Reconciling',
  Stalled: 'Stalled',
  Registered: 'Registered',
  CredentialsReady: 'CredentialsReady',
  DatabaseReady: 'DatabaseReady',
  SchemaReady: 'SchemaReady',
  SubscriptionReady: 'SubscriptionReady',
  Routed: 'Routed',
} as const;
export type ConditionType = (typeof ConditionType)[keyof typeof ConditionType];

export const ConditionStatus = { True: 'True', False: 'False', Unknown: 'Unknown' } as const;
export type ConditionStatus = (typeof ConditionStatus)[keyof typeof ConditionStatus];

/** The limits are those of metav1.Condition. */
const conditionSchema = z
  .object({
    type: z.string().min(1).max(316).meta({ description: 'What is observed.' }),
    status: z.enum(ConditionStatus).meta({ description: 'Whether it is so.' }),
    reason: z.string().min(1).max(1024).meta({ description: 'One CamelCase word for machines.' }),
    message: z.string().max(32_768).meta({ description: 'A sentence for people.' }),
    lastTransitionTime: z.string().meta({ format: 'date-time', description: 'When status last changed.' }),
    observedGeneration: z.int().min(0).exactOptional().meta({ description: 'The metadata.generation that this speaks of.' }),
  })
  .meta({ description: 'One observation of this object.' });
export type Condition = Immutable<z.infer<typeof conditionSchema>>;

export const conditionsSchema = z
  .array(conditionSchema)
  .max(16)
  .exactOptional()
  .meta({
    description: 'What is known about this object, one entry per type.',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
  });

export type ConditionChange = Omit<Condition, 'lastTransitionTime'>;

/**
 * The conditions with one of them set. Keeps lastTransitionTime unless status changes, keeps the order, and
 * returns the very same array when nothing differs, so that callers can tell by identity whether to write.
 *
 * @param now RFC 3339 text.
 */
export function setCondition(conditions: readonly Condition[] | undefined, change: ConditionChange, now: string): readonly Condition[] {
  const known = conditions ?? [];
  const before = findCondition(known, change.type);
  if (before === undefined) return [...known, { ...change, lastTransitionTime: now }];
  if (isSame(before, change)) return known;
  const lastTransitionTime = before.status === change.status ? before.lastTransitionTime : now;
  const after: Condition = { ...change, lastTransitionTime };
  return known.map((condition) => (condition.type === change.type ? after : condition));
}

/** The conditions without one of them; the same array when it was not there. */
export function removeCondition(conditions: readonly Condition[] | undefined, type: string): readonly Condition[] {
  const known = conditions ?? [];
  if (findCondition(known, type) === undefined) return known;
  return known.filter((condition) => condition.type !== type);
}

export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === ConditionStatus.True;
}

function isSame(before: Condition, change: ConditionChange): boolean {
  return (
    before.status === change.status &&
    before.reason === change.reason &&
    before.message === change.message &&
    before.observedGeneration === change.observedGeneration
  );
}
