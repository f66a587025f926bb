// One statement on a connection of its own, as whoever the URL names. Separate because the demo looks at the servers from outside, with
// other people's rights, and never through the operator's pools.

import pg from 'pg';

export type QueryRow = Readonly<Record<string, unknown>>;

const CONNECT_TIMEOUT_MS = 10_000;

/** Rejects as the driver does: `code` is the SQLSTATE. Without values several statements may stand in `text`. */
export const query = async <R extends QueryRow = QueryRow>(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly R[]> => {
  const client = new pg.Client({ connectionString: url, application_name: 'studio-demo', connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined); // a connection that breaks is reported by the statement that meets it
  await client.connect();
  try {
    return (values.length === 0 ? await client.query<R>(text) : await client.query<R>(text, [...values])).rows;
  } finally {
    await client.end();
  }
};

/** The same server and login, another database. */
export const inDatabase = (url: string, database: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
};
