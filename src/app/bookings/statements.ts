/*
 * Bookings in the tenant's database. Separate from HTTP: that a session is never overbooked is decided here, by a lock.
 */
import type { Database, Queryable } from '../database.ts';
import type { Page } from '../http/noun.ts';
import { type Booking, type BookingFilter, type LockedSession, type NewBooking, whyNoPlace } from './booking.ts';

interface BookingRow {
  readonly id: string;
  readonly session_id: string;
  readonly client_id: string;
  readonly status: Booking['status'];
  readonly booked_at: Date;
  readonly cancelled_at: Date | null;
}

const COLUMNS = 'id, session_id, client_id, status, booked_at, cancelled_at';

/** In the order in which they were made. */
export async function listBookings(database: Queryable, filter: BookingFilter & Page): Promise<readonly Booking[]> {
  const { rows } = await database.query<BookingRow>(
    `SELECT ${COLUMNS} FROM bookings
     WHERE ($1::bigint IS NULL OR session_id = $1) AND ($2::bigint IS NULL OR client_id = $2) AND ($3::bigint IS NULL OR id > $3)
     ORDER BY id LIMIT $4`,
    [filter.sessionId ?? null, filter.clientId ?? null, filter.after ?? null, filter.limit],
  );
  return rows.map(bookingOf);
}

export async function findBooking(database: Queryable, id: number): Promise<Booking | undefined> {
  const { rows } = await database.query<BookingRow>(`SELECT ${COLUMNS} FROM bookings WHERE id = $1`, [id]);
  return rows.map(bookingOf)[0];
}

/** Throws a Problem 409 when there is no place to be had. */
export async function book(database: Database, { sessionId, clientId }: NewBooking): Promise<Booking> {
  return await database.transaction(async (transaction) => {
    const refusal = whyNoPlace(await lockSession(transaction, sessionId));
    if (refusal !== undefined) throw refusal;
    const { rows } = await transaction.query<BookingRow>(
      `INSERT INTO bookings (session_id, client_id) VALUES ($1, $2) RETURNING ${COLUMNS}`,
      [sessionId, clientId],
    );
    const [booking] = rows.map(bookingOf);
    if (booking === undefined) throw new Error('an INSERT … RETURNING gave no row');
    return booking;
  });
}

/** Its place is free again; cancelling twice is cancelling once. What has been attended stays so. */
export async function cancelBooking(database: Queryable, id: number): Promise<void> {
  await database.query(
    `UPDATE bookings SET status = 'cancelled', cancelled_at = now() WHERE id = $1 AND status NOT IN ('cancelled', 'attended')`,
    [id],
  );
}

/**
 * The lock puts all who book one session in a line. Counting is a statement of its own, after it: a statement that waited
 * for the lock would count what was there before it waited.
 */
async function lockSession(transaction: Queryable, id: number): Promise<LockedSession | undefined> {
  const locked = await transaction.query<{ readonly capacity: number; readonly isOpen: boolean }>(
    `SELECT capacity, status = 'scheduled' AND ends_at > now() AS "isOpen" FROM sessions WHERE id = $1 FOR NO KEY UPDATE`,
    [id],
  );
  const [session] = locked.rows;
  if (session === undefined) return undefined;
  const counted = await transaction.query<{ readonly taken: number }>(
    `SELECT count(*)::integer AS taken FROM bookings WHERE session_id = $1 AND status <> 'cancelled'`,
    [id],
  );
  return { ...session, taken: counted.rows[0]?.taken ?? 0 };
}

function bookingOf(row: BookingRow): Booking {
  const { id, session_id: sessionId, client_id: clientId, status, booked_at: bookedAt, cancelled_at: cancelledAt } = row;
  return { id: Number(id), sessionId: Number(sessionId), clientId: Number(clientId), status, bookedAt, cancelledAt };
}
