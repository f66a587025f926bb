/*
 * Sessions in the tenant's database. Separate from HTTP: the page and the routes ask the same questions.
 */
import type { Queryable } from '../database.ts';
import type { Page } from '../http/noun.ts';
import type { NewSession, Session, SessionFilter } from './session.ts';

interface SessionRow {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly starts_at: Date;
  readonly ends_at: Date;
  readonly capacity: number;
  readonly taken: number;
  readonly price_cents: number;
  readonly currency: string;
  readonly status: Session['status'];
}

const COLUMNS = `sessions.id, title, description, starts_at, ends_at, capacity, price_cents, currency, sessions.status,
  (SELECT count(*)::integer FROM bookings WHERE bookings.session_id = sessions.id AND bookings.status <> 'cancelled') AS taken`;

/** By time, and by id where the time is the same. */
export async function listSessions(database: Queryable, { from, status, after, limit }: SessionFilter & Page): Promise<readonly Session[]> {
  const { rows } = await database.query<SessionRow>(
    `SELECT ${COLUMNS} FROM sessions
     WHERE ($1::timestamptz IS NULL OR starts_at >= $1)
       AND ($2::text IS NULL OR status = $2)
       AND ($3::bigint IS NULL OR (starts_at, id) > (SELECT last.starts_at, last.id FROM sessions AS last WHERE last.id = $3))
     ORDER BY starts_at, id LIMIT $4`,
    [from ?? null, status ?? null, after ?? null, limit],
  );
  return rows.map(sessionOf);
}

/** What is still to come or under way. */
export async function upcomingSessions(database: Queryable, limit: number): Promise<readonly Session[]> {
  const { rows } = await database.query<SessionRow>(
    `SELECT ${COLUMNS} FROM sessions WHERE status = 'scheduled' AND ends_at > now() ORDER BY starts_at, id LIMIT $1`,
    [limit],
  );
  return rows.map(sessionOf);
}

export async function findSession(database: Queryable, id: number): Promise<Session | undefined> {
  const { rows } = await database.query<SessionRow>(`SELECT ${COLUMNS} FROM sessions WHERE id = $1`, [id]);
  return rows.map(sessionOf)[0];
}

/** PostgreSQL reads a time without an offset in the studio's time zone, which is a setting of its database. */
export async function createSession(database: Queryable, session: NewSession): Promise<Session> {
  const { title, description, startsAt, durationMinutes, capacity, priceCents, currency } = session;
  const { rows } = await database.query<SessionRow>(
    `INSERT INTO sessions (title, description, starts_at, ends_at, capacity, price_cents, currency)
     VALUES ($1, $2, $3::timestamptz, $3::timestamptz + make_interval(mins => $4), $5, $6, $7) RETURNING ${COLUMNS}`,
    [title, description, startsAt, durationMinutes, capacity, priceCents, currency],
  );
  return sessionOf(theOnly(rows));
}

/** Undefined when it has gone meanwhile. */
export async function describeSession(database: Queryable, id: number, description: string): Promise<Session | undefined> {
  const { rows } = await database.query<SessionRow>(`UPDATE sessions SET description = $2 WHERE id = $1 RETURNING ${COLUMNS}`, [
    id,
    description,
  ]);
  return rows.map(sessionOf)[0];
}

/** As PostgreSQL calls it, such as Europe/Berlin. */
export async function studioTimeZone(database: Queryable): Promise<string> {
  const { rows } = await database.query<{ readonly zone: string }>("SELECT current_setting('TimeZone') AS zone");
  return theOnly(rows).zone;
}

function sessionOf({ id, starts_at: startsAt, ends_at: endsAt, price_cents: priceCents, taken, ...same }: SessionRow): Session {
  const { title, description, capacity, currency, status } = same;
  const freePlaces = Math.max(0, capacity - taken);
  return { id: Number(id), title, description, startsAt, endsAt, capacity, freePlaces, priceCents, currency, status };
}

function theOnly<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('a statement that always gives a row gave none');
  return row;
}
