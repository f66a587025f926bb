/*
 * What a comparison of a tenant with its server says. Separate from the comparisons because they share it; it is the
 * part of a step's verdict that can be known without a step.
 */

export type Decision<Change> = { readonly kind: 'inSync' } | { readonly kind: 'outOfSync'; readonly change: Change } | Blocked;

/** Needs a person. */
export interface Blocked {
  readonly kind: 'failed';
  readonly reason: string;
  /** What is wrong and what to do, with the exact SQL where SQL does it. */
  readonly message: string;
  /** True when the tenant cannot be served while this lasts. */
  readonly blocks: boolean;
  /** No watch reports what people change on a server. */
  readonly retryAfterMs: number;
}

/** How often is looked whether a person has done what was asked for. */
const LOOK_AGAIN_MS = 60_000;

export function blocked(reason: string, message: string, blocks: boolean): Blocked {
  return { kind: 'failed', reason, message, blocks, retryAfterMs: LOOK_AGAIN_MS };
}
