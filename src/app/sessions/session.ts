/*
 * A session: what the studio offers at a certain time. Its shape in requests and answers, apart from statements and HTTP.
 */
import { z } from 'zod';

import { currency, instant, line, lines, oneOf, wholeNumber } from '../http/fields.ts';

const STATUSES = ['scheduled', 'cancelled', 'done'] as const;

export interface Session {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly capacity: number;
  /** Capacity less what is booked and not cancelled. */
  readonly freePlaces: number;
  /** Per client, hundredths of the currency. */
  readonly priceCents: number;
  readonly currency: string;
  readonly status: (typeof STATUSES)[number];
}

const WEEK_MINUTES = 10_080;
const MAX_PRICE_CENTS = 100_000_000;

const title = line(1, 200);
const others = {
  description: lines(5_000).default(''),
  durationMinutes: wholeNumber(1, WEEK_MINUTES).default(60),
  capacity: wholeNumber(1, 10_000).default(1),
  priceCents: wholeNumber(0, MAX_PRICE_CENTS).default(0),
  currency: currency().default('EUR'),
};

/** `startsAt`: an instant with its offset, or without one the studio's own time. */
export const newSession = z.strictObject({ title, startsAt: instant(), ...others });
export type NewSession = z.infer<typeof newSession>;
export const newSessionFields = { title, ...others };

export const sessionFilter = z.strictObject({ from: instant().optional(), status: oneOf(STATUSES).optional() });
export type SessionFilter = z.infer<typeof sessionFilter>;
