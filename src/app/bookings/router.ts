/*
 * /bookings: the noun and its addresses. A booking is never removed: DELETE cancels it, and it stays in the books.
 */
import type { Router } from 'express';

import { found, type Noun, nounRouter } from '../http/noun.ts';
import { Problem } from '../http/problem.ts';
import { databaseOf } from '../http/tenant-database.ts';
import { type Booking, bookingFilter, type BookingFilter, newBooking, type NewBooking } from './booking.ts';
import { book, cancelBooking, findBooking, listBookings } from './statements.ts';

const bookings: Noun<BookingFilter, NewBooking, Booking> = {
  singular: 'booking',
  plural: 'bookings',
  filter: bookingFilter,
  body: newBooking,
  constraints: {
    bookings_one_per_client_idx: { field: 'clientId', message: 'has a place in this session' },
    bookings_client_id_fkey: { field: 'clientId', message: 'is no client of this studio' },
  },
  list: listBookings,
  find: findBooking,
  create: book,
};

export function bookingsRouter(): Router {
  const router = nounRouter(bookings);
  router.delete('/:id', async (request, response) => {
    const database = databaseOf(request);
    const { id } = await found(bookings, database, request.params.id);
    await cancelBooking(database, id);
    const booking = await found(bookings, database, request.params.id);
    if (booking.status === 'attended') throw new Problem(409, 'attended', 'This booking was attended, so it cannot be cancelled.');
    response.json(booking);
  });
  return router;
}
