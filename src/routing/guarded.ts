/*
 * Calls functions that are the application's own: hooks, listeners, templates. Separate because what they throw, at once
 * or later (TypeScript lets an async function pass for one that returns nothing), must never end a request or the process.
 */

/** What `call` returns, or undefined when it threw; a promise that rejects later is reported as well. */
export const guarded = <Result>(call: () => Result, report: (error: unknown) => void): Result | undefined => {
  try {
    const result = call();
    if (result instanceof Promise) result.catch(report);
    return result;
  } catch (error) {
    report(error);
    return undefined;
  }
};

/** Where nobody else is there to be told. */
export const warn = (error: unknown): void => process.emitWarning(error instanceof Error ? error : String(error));
