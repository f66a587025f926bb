// What an administrator prepares on a PostgreSQL server before the operator may use it: nobody connects to the shared databases by
// default, a login for the operator that is no superuser, and the master database with an owner of its own. Separate because it is
// also the documentation of exactly these rights, in SQL.

import pg from 'pg';

export interface Login {
  readonly user: string;
  readonly password: string;
}

export const ADMIN_USER = 'studio_admin';
export const MASTER_USER = 'studio_master';
export const MASTER_DATABASE = 'studio_platform_master';

/** Passwords must be plain words: they stand in SQL here and in URLs elsewhere. */
export const prepareAccounts = async (superuserUrl: string, admin: Login, master: Login): Promise<void> => {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query(`
      -- Every role may connect to every database unless this is taken from PUBLIC.
      REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
      CREATE ROLE ${admin.user} LOGIN CREATEDB CREATEROLE PASSWORD '${admin.password}';
      GRANT CONNECT ON DATABASE postgres TO ${admin.user};
      -- To end sessions before a database is dropped or a login is taken away.
      GRANT pg_signal_backend TO ${admin.user};
      CREATE ROLE ${master.user} LOGIN PASSWORD '${master.password}';
    `);
    await client.query(`CREATE DATABASE ${MASTER_DATABASE} OWNER ${master.user} ALLOW_CONNECTIONS false`);
    await client.query(`
      REVOKE ALL ON DATABASE ${MASTER_DATABASE} FROM PUBLIC;
      ALTER DATABASE ${MASTER_DATABASE} ALLOW_CONNECTIONS true;
    `);
  } finally {
    await client.end();
  }
};
