// The login that applications find tenants with, as an administrator makes it once the operator has migrated the master database.
// Separate from the other accounts because it comes later: what it is granted are objects of those migrations.

import { randomBytes } from 'node:crypto';
import pg from 'pg';

export const APPLICATION_USER = 'studio_app';

export interface ApplicationLoginOptions {
  /** Of a role that may make roles, in any database of the server. */
  readonly administratorUrl: string;
  /** The migrated master database, as its owner. */
  readonly masterUrl: string;
}

/** The master database's URL for that login, which gets a new password if it is there already. */
export const prepareApplicationLogin = async ({ administratorUrl, masterUrl }: ApplicationLoginOptions): Promise<string> => {
  const password = randomBytes(24).toString('hex');
  await run(administratorUrl, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [APPLICATION_USER]);
    const verb = rowCount === 0 ? 'CREATE' : 'ALTER';
    await client.query(`${verb} ROLE ${APPLICATION_USER} LOGIN PASSWORD '${password}'`);
  });
  await run(masterUrl, async (client) => await client.query('SELECT public.grant_application($1)', [APPLICATION_USER]));
  const url = new URL(masterUrl);
  url.username = APPLICATION_USER;
  url.password = password;
  return url.href;
};

const run = async (connectionString: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> => {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
};
