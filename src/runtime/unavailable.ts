/*
 * "The other side could not be reached": no answer, or an answer that says nothing about the request.
 * Separate because every client throws it and every caller may treat it alike: wait, say so, lose nothing.
 */

export type System = 'kubernetes' | 'master' | 'server';

export interface UnavailableDetails {
  readonly system: System;
  /** Which one, when there are several: a PostgresServer's name, for example. */
  readonly target?: string | undefined;
  /** What the other side asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Whether the request took effect is unknown: only observing again tells. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  readonly system: System;
  readonly target: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: UnavailableDetails) {
    super(message, { cause: details.cause });
    this.system = details.system;
    this.target = details.target;
    this.retryAfterMs = details.retryAfterMs;
  }
}
