/*
 * What a server last showed of itself, and when. Separate because the sweep over all tenants brings it along and the
 * server's own controller reads it: two that need not know each other.
 */
import type { ServerFacts } from '../desired/postgres/server-facts.ts';

export class LatestFacts {
  #facts: ServerFacts | undefined;
  #notedMs = 0;

  note(facts: ServerFacts): void {
    this.#facts = facts;
    this.#notedMs = performance.now();
  }

  /** Undefined where there are none as young as this. */
  within(maxAgeMs: number): ServerFacts | undefined {
    return performance.now() - this.#notedMs <= maxAgeMs ? this.#facts : undefined;
  }
}
