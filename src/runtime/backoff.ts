/*
 * How long to wait after the n-th failure in a row. Separate because queue, reflector and clients wait by the same rule.
 */

export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
  /** 0.1 spreads each delay evenly over +-10 %, so that what failed together does not come back together. */
  readonly jitter: number;
}

/** @param failures failures in a row before this delay: 0 gives `baseMs`, each further one doubles it up to `maxMs` */
export function backoffDelayMs(backoff: Backoff, failures: number, random: () => number = Math.random): number {
  const plain = Math.min(backoff.maxMs, backoff.baseMs * 2 ** failures);
  return plain * (1 + backoff.jitter * (2 * random() - 1));
}

/** What the other side asked us to wait, when the error carries it (Retry-After). */
export function retryAfterMsOf(error: unknown): number {
  if (!(error instanceof Error) || !('retryAfterMs' in error)) return 0;
  return typeof error.retryAfterMs === 'number' ? error.retryAfterMs : 0;
}
