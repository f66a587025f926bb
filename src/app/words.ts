/*
 * Times and prices as people read them, in the studio's time zone. Separate because the page and the descriptions write them
 * in the same way.
 */

const LOCALE = 'en-GB';
const NO_ZONE = 'UTC';

/** A zone that PostgreSQL knows and JavaScript does not (`<+02>-02`) is read as UTC, and said to be. */
function knownTimeZone(name: string): string {
  try {
    return new Intl.DateTimeFormat(LOCALE, { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return NO_ZONE;
  }
}

/** `Europe/Berlin`, `UTC`, `America/New York`. */
export function zoneInWords(name: string): string {
  return knownTimeZone(name).replaceAll('_', ' ');
}

/** `Tuesday 24 November`; the year is added when it is not `now`'s. */
export function day(time: Date, timeZone: string, now: Date): string {
  const sameYear = year(time, timeZone) === year(now, timeZone);
  return sameYear ? dayWith(time, timeZone, { day: 'numeric', month: 'long' }) : dayAndYear(time, timeZone);
}

/** `Tuesday 24 November 2026`. */
export function dayAndYear(time: Date, timeZone: string): string {
  return dayWith(time, timeZone, { day: 'numeric', month: 'long', year: 'numeric' });
}

/** In two parts, because releases of the locale's data put a comma between them or not. */
function dayWith(time: Date, timeZone: string, date: Intl.DateTimeFormatOptions): string {
  return `${format(time, timeZone, { weekday: 'long' })} ${format(time, timeZone, date)}`;
}

/** `18:00`. */
export function timeOfDay(time: Date, timeZone: string): string {
  return format(time, timeZone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

/** Of hundredths. A currency that JavaScript cannot take, and the database can, stands as it is. */
export function price(cents: number, currency: string): string {
  const amount = cents / 100;
  if (!/^[A-Z]{3}$/.test(currency)) return `${amount.toFixed(2)} ${currency}`;
  return new Intl.NumberFormat(LOCALE, { style: 'currency', currency }).format(amount);
}

export function wholeNumber(number: number): string {
  return new Intl.NumberFormat(LOCALE).format(number);
}

function year(time: Date, timeZone: string): string {
  return format(time, timeZone, { year: 'numeric' });
}

function format(time: Date, timeZone: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(LOCALE, { ...options, timeZone: knownTimeZone(timeZone) }).format(time);
}
