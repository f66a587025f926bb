// Durations as people write them in a spec: a whole number and one unit.
// Separate because several fields have them, and each must come out as milliseconds the same way.

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const DURATION = /^([1-9][0-9]{0,8})(ms|s|m|h|d)$/;

/** Milliseconds of a text such as `10s` or `30d`; throws an Error for anything else. */
export function durationMs(text: string): number {
  const [, digits, unit] = DURATION.exec(text) ?? [];
  const unitMs = UNIT_MS[unit ?? ''];
  if (unitMs === undefined) throw new Error(`not a duration such as 10s or 30d: "${text}"`);
  return Number(digits) * unitMs;
}
