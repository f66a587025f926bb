// The nearest-rank percentile: a value that was measured, never one in between.

/** @param share 0 to 1; NaN for no values */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].toSorted((a, b) => a - b);
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? Number.NaN;
};
