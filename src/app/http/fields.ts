/*
 * The kinds of fields that requests have, each with the sentence that says what is expected. Separate from the nouns so
 * that the same kind is refused in the same words everywhere. What gets through is taken by PostgreSQL as it is.
 */
import { z } from 'zod';

const FIRST_YEAR = 2000;
const LAST_YEAR = 2999;
export const MAX_ID = Number.MAX_SAFE_INTEGER;

/** One sentence for everything that can be wrong with a field. */
function expecting(expected: string): { readonly error: (issue: { readonly input?: unknown }) => string } {
  return { error: ({ input }) => (input === undefined ? `is missing: expected ${expected}` : `must be ${expected}`) };
}

// oxlint-disable-next-line no-control-regex -- PostgreSQL takes no NUL, and no other control character has a place in a line
const ONE_LINE = /^[^\u0000-\u001f\u007f]*$/;
// oxlint-disable-next-line no-control-regex -- the same, with tabs and line ends
const LINES = /^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$/;

/** Without what surrounds it. Lengths are UTF-16 units, of which there are never fewer than characters in PostgreSQL. */
export function line(min: number, max: number): z.ZodType<string> {
  const says = expecting(`one line of ${min} to ${max} characters`);
  return z.string(says).trim().min(min, says).max(max, says).regex(ONE_LINE, says);
}

/** May be empty. */
export function lines(max: number): z.ZodType<string> {
  const says = expecting(`a text of at most ${max} characters`);
  return z.string(says).trim().max(max, says).regex(LINES, says);
}

export function wholeNumber(min: number, max: number): z.ZodType<number> {
  const says = expecting(`a whole number from ${min} to ${max}`);
  return z.int(says).min(min, says).max(max, says);
}

/** Of a row. */
export function id(of: string): z.ZodType<number> {
  const says = expecting(`the number of a ${of}`);
  return z.int(says).min(1, says).max(MAX_ID, says);
}

export function oneOf<const Choice extends string>(choices: readonly Choice[]): z.ZodType<Choice> {
  return z.enum(choices, expecting(`one of ${choices.join(', ')}`));
}

/** As the same instant in UTC. PostgreSQL refuses some offsets that ISO 8601 has. */
export function instant(): z.ZodType<string> {
  const says = expecting('a date and time with its offset from UTC, such as 2027-01-31T18:00:00+01:00');
  return z.iso
    .datetime({ ...says, offset: true })
    .refine(isInRange, says)
    .transform((text) => new Date(text).toISOString());
}

/** What `<input type="datetime-local">` gives: the studio's own time, which its database knows. */
export function localTime(): z.ZodType<string> {
  const says = expecting('a date and time, such as 2027-01-31T18:00');
  return z.iso.datetime({ ...says, local: true, precision: -1 }).refine((text) => isInRange(`${text}Z`), says);
}

function isInRange(text: string): boolean {
  const year = new Date(text).getUTCFullYear();
  return year >= FIRST_YEAR && year <= LAST_YEAR;
}

export function currency(): z.ZodType<string> {
  const says = expecting('three upper-case letters, such as EUR');
  return z.string(says).regex(/^[A-Z]{3}$/, says);
}

/** No more than the database's own rule and what mail cannot do without: only a message sent there proves an address. */
export function email(): z.ZodType<string> {
  const says = expecting('an e-mail address of at most 254 characters');
  return z
    .string(says)
    .trim()
    .max(254, says)
    .regex(/^[^\s@]+@[^\s@]+$/, says)
    .regex(ONE_LINE, says);
}
