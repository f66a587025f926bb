/*
 * Clients in the tenant's database. Separate from HTTP.
 */
import type { Queryable } from '../database.ts';
import type { Page } from '../http/noun.ts';
import type { Client, ClientFilter, NewClient } from './client.ts';

interface ClientRow {
  readonly id: string;
  readonly full_name: string;
  readonly email: string;
  readonly phone: string | null;
  readonly created_at: Date;
}

const COLUMNS = 'id, full_name, email, phone, created_at';

/** In the order in which they came. */
export async function listClients(database: Queryable, { email, after, limit }: ClientFilter & Page): Promise<readonly Client[]> {
  const { rows } = await database.query<ClientRow>(
    `SELECT ${COLUMNS} FROM clients
     WHERE ($1::text IS NULL OR lower(email) = lower($1)) AND ($2::bigint IS NULL OR id > $2)
     ORDER BY id LIMIT $3`,
    [email ?? null, after ?? null, limit],
  );
  return rows.map(clientOf);
}

export async function findClient(database: Queryable, id: number): Promise<Client | undefined> {
  const { rows } = await database.query<ClientRow>(`SELECT ${COLUMNS} FROM clients WHERE id = $1`, [id]);
  return rows.map(clientOf)[0];
}

export async function createClient(database: Queryable, { fullName, email, phone }: NewClient): Promise<Client> {
  const { rows } = await database.query<ClientRow>(
    `INSERT INTO clients (full_name, email, phone) VALUES ($1, $2, $3) RETURNING ${COLUMNS}`,
    [fullName, email, phone],
  );
  const [client] = rows.map(clientOf);
  if (client === undefined) throw new Error('an INSERT … RETURNING gave no row');
  return client;
}

function clientOf({ id, full_name: fullName, email, phone, created_at: createdAt }: ClientRow): Client {
  return { id: Number(id), fullName, email, phone, createdAt };
}
