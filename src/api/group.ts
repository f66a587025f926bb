// The identity of the API: group, version, and the names that this operator signs its work with.
// Separate because every object the operator reads or writes carries one of them.

export const GROUP = 'studio-platform.io';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** The field manager of every server-side apply. */
export const FIELD_MANAGER = 'studio-operator';

/** Holds every kind until what it stands for outside Kubernetes has been dealt with. */
export const FINALIZER = `${GROUP}/finalizer`;

/** Label keys. */
export const LABELS = {
  managedBy: 'app.kubernetes.io/managed-by',
  component: 'app.kubernetes.io/component',
  tenant: `${GROUP}/tenant`,
  organization: `${GROUP}/organization`,
  release: `${GROUP}/release`,
} as const;

/** On everything the operator makes. */
export const MANAGED_BY_LABELS = { [LABELS.managedBy]: 'studio-operator' } as const;
