// PostgreSQL for tests: the shared server's superuser, a database per test, and servers of one's own for tests that make roles with
// fixed names, need another version, or take the server down.

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { startPostgres, type PostgresOptions, type PostgresServer } from '../../dev/postgres.ts';
import { environment } from './environment.ts';

export type Row = Readonly<Record<string, unknown>>;

/** One statement on a connection of its own, as whoever the URL names. */
export const queryAs = async <R extends Row = Row>(url: string, text: string, values: readonly unknown[] = []): Promise<readonly R[]> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // a terminated session is reported by the statement that meets it
  await client.connect();
  try {
    // Without values the simple protocol is used, which takes several statements in one string.
    return values.length === 0 ? (await client.query<R>(text)).rows : (await client.query<R>(text, [...values])).rows;
  } finally {
    await client.end();
  }
};

/** As the shared server's superuser, in `postgres` unless another database is named. */
export const superuserQuery = async <R extends Row = Row>(text: string, values: readonly unknown[] = [], database = 'postgres') =>
  await queryAs<R>(withDatabase(environment().postgres.superuserUrl, database), text, values);

export const withDatabase = (url: string, database: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
};

export interface FreshDatabase extends AsyncDisposable {
  readonly name: string;
  /** As its owner, a login that is nothing else. */
  readonly url: string;
  /** As the superuser. */
  readonly superuserUrl: string;
}

/** An empty database on the shared server with an owner of its own; nobody else may connect. `await using` drops both. */
export const freshDatabase = async (): Promise<FreshDatabase> => {
  const { superuserUrl } = environment().postgres;
  const name = `test_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await queryAs(superuserUrl, `CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
  await queryAs(superuserUrl, `CREATE DATABASE ${name} OWNER ${name} TEMPLATE template0`);
  await queryAs(superuserUrl, `REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  const url = new URL(withDatabase(superuserUrl, name));
  url.username = name;
  url.password = password;
  return {
    name,
    url: url.href,
    superuserUrl: withDatabase(superuserUrl, name),
    [Symbol.asyncDispose]: async () => {
      await queryAs(superuserUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await queryAs(superuserUrl, `DROP ROLE IF EXISTS ${name}`);
    },
  };
};

export type FreshServer = PostgresServer & AsyncDisposable;

/** A server of one's own, in about a second. Whoever makes roles or databases with fixed names (studio_1_db) needs one. */
export const freshServer = async (options: PostgresOptions = {}): Promise<FreshServer> => {
  const server = await startPostgres(options);
  return { ...server, [Symbol.asyncDispose]: async () => await server.stop() };
};
