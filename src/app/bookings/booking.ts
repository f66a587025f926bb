/*
 * A booking: a client's place in a session. Its shape in requests and answers, and why a place may not be had.
 */
import { z } from 'zod';

import { id } from '../http/fields.ts';
import { Problem } from '../http/problem.ts';

export interface Booking {
  readonly id: number;
  readonly sessionId: number;
  readonly clientId: number;
  readonly status: 'requested' | 'confirmed' | 'cancelled' | 'attended';
  readonly bookedAt: Date;
  readonly cancelledAt: Date | null;
}

export const newBooking = z.strictObject({ sessionId: id('session'), clientId: id('client') });
export type NewBooking = z.infer<typeof newBooking>;

export const bookingFilter = z.strictObject({ sessionId: id('session').optional(), clientId: id('client').optional() });
export type BookingFilter = z.infer<typeof bookingFilter>;

/** The session as it is while nobody else can book it. */
export interface LockedSession {
  readonly capacity: number;
  readonly taken: number;
  readonly isOpen: boolean;
}

/** Undefined: there is a place. */
export function whyNoPlace(session: LockedSession | undefined): Problem | undefined {
  if (session === undefined) {
    const fields = [{ field: 'sessionId', message: 'is no session of this studio' }];
    return new Problem(409, 'conflict', 'sessionId is no session of this studio.', { fields });
  }
  if (!session.isOpen) return new Problem(409, 'session_closed', 'This session is over or cancelled, so it cannot be booked.');
  if (session.taken >= session.capacity) return new Problem(409, 'session_full', 'This session has no free places.');
  return undefined;
}
