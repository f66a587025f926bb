/*
 * Times and prices as people read them, in the studio's time zone. Separate because the page and the descriptions write them
 * in the same way.
 */

const LOCALE = 'en-GB';
const NO_ZONE = 'UTC';

/** A zone that PostgreSQL knows and JavaScript does not (`<+02>-02`) is read as UTC, and said to be. */
export function knownTimeZone(name: string): string {
  try {
    return new Intl.DateTimeFormat(LOCALE, { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return NO_ZONE;
  }
}

/** `Tuesday 24 November`; the year is added when it is not `now`'s. */
export function day(time: Date, timeZone: string, now: Date): string {
  const sameYear = part(time, timeZone, 'year') === part(now, timeZone, 'year');
  return sameYear ? format(time, timeZone, { weekday: 'long', day: 'numeric', month: 'long' }) : dayAndYear(time, timeZone);
}

export function dayAndYear(time: Date, timeZone: string): string {
  return format(time, timeZone, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
}

/** `18:00`. */
export function timeOfDay(time: Date, timeZone: string): string {
  return format(time, timeZone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

/** As `<input type="datetime-local">` has it: `2027-01-31T18:00`. */
export function localDateTime(time: Date, timeZone: string): string {
  const [year, month, date] = (['year', 'month', 'day'] as const).map((name) => part(time, timeZone, name));
  return `${year}-${month}-${date}T${timeOfDay(time, timeZone)}`;
}

/** Hundredths of any currency that PostgreSQL lets in; one without a symbol keeps its three letters. */
export function price(cents: number, currency: string): string {
  return new Intl.NumberFormat(LOCALE, { style: 'currency', currency }).format(cents / 100);
}

export function wholeNumber(number: number): string {
  return new Intl.NumberFormat(LOCALE).format(number);
}

function part(time: Date, timeZone: string, name: 'year' | 'month' | 'day'): string {
  return format(time, timeZone, { [name]: name === 'year' ? 'numeric' : '2-digit' });
}

function format(time: Date, timeZone: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(LOCALE, { ...options, timeZone: knownTimeZone(timeZone) }).format(time);
}
