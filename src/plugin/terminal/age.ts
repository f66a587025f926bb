// How long ago something was, as kubectl writes it. Separate because the clock is handed in.

const UNITS: readonly (readonly [seconds: number, unit: string])[] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'm'],
];

/** `45s`, `12m`, `5h`, `3d`; `?` for what is no time. Times to come (clocks differ) are 0s. */
export function age(since: string | null | undefined, nowMs: number): string {
  const sinceMs = Date.parse(since ?? '');
  if (Number.isNaN(sinceMs)) return '?';
  const seconds = Math.max(0, Math.floor((nowMs - sinceMs) / 1000));
  // Two of a unit before it is used: 90 s is more telling than 1 m.
  for (const [length, unit] of UNITS) if (seconds >= length * 2) return `${Math.floor(seconds / length)}${unit}`;
  return `${seconds}s`;
}
