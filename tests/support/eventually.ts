// Waits for a state of the world instead of for a time. Separate because every integration test needs it and none may sleep.

export interface EventuallyOptions {
  /** Default 30 s. */
  readonly timeoutMs?: number;
  /** Default 50 ms. */
  readonly intervalMs?: number;
}

/** Repeats `attempt` until it neither throws nor returns undefined or false; after the deadline it throws what came last. */
export const eventually = async <T>(
  attempt: () => T | Promise<T>,
  { timeoutMs = 30_000, intervalMs = 50 }: EventuallyOptions = {},
): Promise<Exclude<T, undefined | false | void>> => {
  const deadline = performance.now() + timeoutMs;
  let last: unknown = new Error('the condition stayed false');
  for (;;) {
    try {
      const result = await attempt();
      if (result !== undefined && result !== false) return result as Exclude<T, undefined | false | void>;
      last = new Error(`the condition stayed ${String(result)}`);
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadline) throw new Error(`not within ${timeoutMs} ms`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
};
