// A deadline for what comes before the tests, because vitest sets none there: a registry or a daemon that hangs must fail a gate, not hold
// it up for good. Separate because the tests on an API server and those on a whole cluster both begin with such a thing.

/** Throws a sentence when the time is over; the work goes on, and ends with the process that waited. */
export const inTime = async <T>(what: string, timeoutMs: number, work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not done after ${timeoutMs / 60_000} minutes`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};
