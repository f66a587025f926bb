/*
 * The text that AI credits buy: a description of a session, made from what is known of it. Pure, so that a repeated
 * request gives the same text. A text model would take this module's place.
 */
import type { Session } from '../sessions/session.ts';
import { dayAndYear, price, timeOfDay } from '../words.ts';

/** Credits for one description. */
export const DESCRIPTION_COST = 5;

export function describe(session: Session, timeZone: string): string {
  const { title, startsAt, endsAt, capacity } = session;
  const minutes = Math.round((endsAt.getTime() - startsAt.getTime()) / 60_000);
  return [
    `${title} takes ${duration(minutes)} on ${dayAndYear(startsAt, timeZone)}, from ${timeOfDay(startsAt, timeZone)} to ${timeOfDay(endsAt, timeZone)}.`,
    capacity === 1
      ? 'It is a session for one: the whole time is yours.'
      : `We keep the group at ${capacity} at most, so there is time for everybody.`,
    session.priceCents === 0 ? 'It is free of charge.' : `A place costs ${price(session.priceCents, session.currency)}.`,
  ].join(' ');
}

function duration(minutes: number): string {
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  const parts = [count(hours, 'hour'), count(rest, 'minute')].filter((part) => part !== undefined);
  return parts.length === 0 ? 'a moment' : parts.join(' and ');
}

function count(number: number, unit: string): string | undefined {
  if (number === 0) return undefined;
  return number === 1 ? `one ${unit}` : `${number} ${unit}s`;
}
