// The annotations people steer the operator with, and the one it leaves on objects it owns.
// Separate because they are verbs: values that count by being there or by being new, and no part of the spec.
import { GROUP } from './group.ts';
import type { KubernetesObject } from './object-meta.ts';

export const ANNOTATION = {
  /** Any new value: one new attempt of what failed. */
  retry: `${GROUP}/retry`,
  /** Any new value: rotates the password. */
  rotate: `${GROUP}/rotate`,
  /** A reason: counts like spec.suspended. */
  suspend: `${GROUP}/suspend`,
  /** The tenant's name: without it deletionPolicy Delete acts like Retain. */
  confirmDeletion: `${GROUP}/confirm-deletion`,
  /** The id of a retained organization that this tenant takes over. */
  adoptOrganization: `${GROUP}/adopt-organization`,
  /** The name of a database that may be given up together with its server. */
  abandonDatabase: `${GROUP}/abandon-database`,
  /** "true": the operator leaves this object alone. */
  paused: `${GROUP}/paused`,
  /** The operator's own, on owned objects: a hash of what it last wrote. */
  appliedHash: `${GROUP}/applied-hash`,
} as const;
export type Annotation = (typeof ANNOTATION)[keyof typeof ANNOTATION];

export function annotationOf(object: Pick<KubernetesObject, 'metadata'>, key: Annotation): string | undefined {
  return object.metadata.annotations?.[key];
}
