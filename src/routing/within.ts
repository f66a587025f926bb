/*
 * A limit in time for what others do. Separate because what never answers - a provider of credentials, a directory, a
 * master database - must not keep a tenant, or a page, waiting.
 */

interface Limited<T> {
  run(signal: AbortSignal): Promise<T>;
  /** The error after the time is over; the signal is aborted with it. */
  otherwise(): Error;
}

export async function within<T>(timeoutMs: number, { run, otherwise }: Limited<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = otherwise();
      reject(error);
      controller.abort(error);
    }, timeoutMs);
  });
  try {
    return await Promise.race([run(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
