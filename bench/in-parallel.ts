// Some workers that take the next piece of work until none is left.

/** Calls `work` with 0 to count - 1; when one rejects, no further ones are begun and that error is thrown. */
export const inParallel = async (count: number, workers: number, work: (index: number) => Promise<void>): Promise<void> => {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await work(index).catch((error: unknown) => {
        next = count;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, count) }, worker));
};
