// Ctrl-C as a signal that everything under way listens to. Separate because the demo and the benchmarks end in the same way: in order at
// the first one, at once at the second (what was started then ends by itself).

/** The reason with which the signal aborts. */
export class Interrupted extends Error {}

export const INTERRUPTED_EXIT_CODE = 130;

export const interruption = (): AbortSignal => {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(INTERRUPTED_EXIT_CODE);
      controller.abort(new Interrupted(`ended by ${name}`));
    });
  }
  return controller.signal;
};

/** Each cause's sentence: what was being done, and what stood in the way. */
export const explained = (error: unknown): string => {
  if (error instanceof AggregateError) return error.errors.map(explained).join('\n');
  const causes: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) causes.push(cause.message);
  return causes.length === 0 ? String(error) : causes.join(': ');
};
