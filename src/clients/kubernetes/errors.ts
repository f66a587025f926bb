/*
 * What the API server answers when it says no. Separate because callers tell the cases apart by code and reason,
 * never by message text. No answer at all is Unavailable, not this.
 */

/** metav1.StatusCause: which field or rule, for 422 and for details of a conflict. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

export interface KubernetesErrorDetails {
  /** HTTP status. */
  readonly code: number;
  /** metav1.StatusReason, e.g. `AlreadyExists`; '' when the answer carried none. */
  readonly reason: string;
  readonly causes?: readonly StatusCause[];
  /** From Retry-After or Status.details.retryAfterSeconds. */
  readonly retryAfterMs?: number | undefined;
}

/** `message` is what was being done and the server's own sentence. */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  readonly code: number;
  readonly reason: string;
  readonly causes: readonly StatusCause[];
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: KubernetesErrorDetails) {
    super(message);
    this.code = details.code;
    this.reason = details.reason;
    this.causes = details.causes ?? [];
    this.retryAfterMs = details.retryAfterMs;
  }
}

export const isNotFound = (error: unknown): error is KubernetesError => hasCode(error, 404);

/** RBAC says no; of a create in a namespace that is being deleted see isNamespaceTerminating. */
export const isForbidden = (error: unknown): error is KubernetesError => hasCode(error, 403);

export const isAlreadyExists = (error: unknown): error is KubernetesError => hasCode(error, 409) && error.reason === 'AlreadyExists';

/** Somebody else wrote in between, or a precondition (uid, resourceVersion) does not hold. */
export const isConflict = (error: unknown): error is KubernetesError => hasCode(error, 409) && error.reason === 'Conflict';

/**
 * What an apply that carries a uid answers when that object is not there any more: 409 when there is none of the name (it is
 * not created), 422 on metadata.uid when another has taken the name, 404 on a subresource.
 * Not for status, where the server ignores the uid: see replaceStatus.
 */
export const isGone = (error: unknown): error is KubernetesError =>
  isNotFound(error) || isConflict(error) || (isInvalid(error) && error.causes.some((cause) => cause.field === 'metadata.uid'));

/** Refused by the schema, by CEL, or by a failed JSON Patch `test`. */
export const isInvalid = (error: unknown): error is KubernetesError => hasCode(error, 422);

/** The resourceVersion or continue token is older than what the server remembers. */
export const isExpired = (error: unknown): error is KubernetesError => hasCode(error, 410);

/** A create in a namespace that is being deleted: 403 Forbidden whose cause says so. */
export const isNamespaceTerminating = (error: unknown): error is KubernetesError =>
  hasCode(error, 403) && error.causes.some((cause) => cause.reason === 'NamespaceTerminating');

function hasCode(error: unknown, code: number): error is KubernetesError {
  return error instanceof KubernetesError && error.code === code;
}
