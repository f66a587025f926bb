/*
 * A token bucket per key, of the keys used last. Separate because it is the one thing that keeps a broken object from
 * flooding everybody's event list.
 */
import type { Clock } from './clock.ts';

export interface TokenBucketOptions {
  /** How many at once. */
  readonly burst: number;
  /** One more after each of these. */
  readonly refillMs: number;
  /** Buckets remembered; a forgotten one is full again. */
  readonly maxKeys: number;
  readonly clock: Clock;
}

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

export class TokenBuckets {
  readonly #options: TokenBucketOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: TokenBucketOptions) {
    this.#options = options;
  }

  /** True, and one token less, unless the key's bucket is empty. */
  take(key: string): boolean {
    const { burst, refillMs, maxKeys, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const bucket = this.#buckets.get(key);
    const refilled = bucket === undefined ? burst : Math.min(burst, bucket.tokens + (nowMs - bucket.atMs) / refillMs);
    const granted = refilled >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: granted ? refilled - 1 : refilled, atMs: nowMs });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > maxKeys && oldest !== undefined) this.#buckets.delete(oldest);
    return granted;
  }
}
