// What was started and must be stopped again, newest first. Separate because every way to an environment starts several things, and a
// failure of the third must not leave the first two running.

export interface Stoppable {
  stop(): Promise<void>;
}

export class StartedParts {
  readonly #parts: Stoppable[] = [];

  add<T extends Stoppable>(part: T): T {
    this.#parts.unshift(part);
    return part;
  }

  /** Stops every part, whatever another one's end says; then throws what went wrong. */
  async stop(): Promise<void> {
    const failures: unknown[] = [];
    for (const part of this.#parts.splice(0)) await part.stop().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be stopped');
  }

  /** Runs `start`; when it fails, stops what it had added and rethrows. */
  async orStop<T>(start: () => Promise<T>): Promise<T> {
    try {
      return await start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }
}

export type OnStarted = ((what: string, milliseconds: number) => void) | undefined;

/** Runs `start` and tells how long it took. */
export const timed = async <T>(what: string, onStarted: OnStarted, start: () => Promise<T>): Promise<T> => {
  const begin = performance.now();
  const result = await start();
  onStarted?.(what, performance.now() - begin);
  return result;
};

/** Waits for all of them, also when one fails: what starts late must not escape being stopped. */
export const allStarted = async <T extends readonly unknown[]>(...starting: { readonly [K in keyof T]: Promise<T[K]> }): Promise<T> => {
  await Promise.allSettled(starting);
  return (await Promise.all(starting)) as T;
};
