/*
 * A clock that stands still until a test moves it. Separate from the tests of the runtime so that others with
 * deadlines and backoff can use it too.
 */
import type { Clock } from '../../../src/runtime/clock.ts';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

export class FakeClock implements Clock {
  readonly #sleepers = new Set<Sleeper>();
  #ms = 1000;

  get sleeping(): number {
    return this.#sleepers.size;
  }

  now(): Date {
    return new Date(Date.UTC(2030, 0, 1) + this.#ms);
  }

  monotonicMs(): number {
    return this.#ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason as Error);
      };
      const sleeper: Sleeper = {
        dueMs: this.#ms + ms,
        wake: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Moves time on, waking each sleeper at its own moment and letting what it wakes run before the next. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#ms + ms;
    await settle();
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#ms = Math.max(this.#ms, next.dueMs);
      this.#sleepers.delete(next);
      next.wake();
      await settle();
    }
    this.#ms = untilMs;
    await settle();
  }

  /** Time goes by and nothing runs, as in a process that was frozen. */
  jump(ms: number): void {
    this.#ms += ms;
  }

  #next(untilMs: number): Sleeper | undefined {
    const due = [...this.#sleepers].filter((sleeper) => sleeper.dueMs <= untilMs);
    return due.toSorted((a, b) => a.dueMs - b.dueMs)[0];
  }
}

/** Lets every promise that can settle now do so. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
