// Tenants' databases and logins, as the operator would leave them but in two statements each: a copy of a prepared template. Separate
// because it speaks to the server as its superuser, while the rows are written as the master database's owner.

import pg from 'pg';

/** Whatever a tenant may do with the tables of the template, it may by membership in this role. */
const TENANT_GROUP = 'studio_tenant';
const TEMPLATE = 'studio_template';

export interface TenantLogin {
  readonly databaseName: string;
  readonly password: string;
}

/** Runs statements on the connection of somebody. */
export type Run = <R extends pg.QueryResultRow>(text: string, values?: readonly unknown[]) => Promise<readonly R[]>;

/** One connection for `work`; a statement without values may hold several. */
export const withConnection = async <T>(url: string, work: (run: Run) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // a terminated session is reported by the statement that meets it
  await client.connect();
  try {
    return await work(async <R extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      values.length === 0 ? (await client.query<R>(text)).rows : (await client.query<R>(text, [...values])).rows,
    );
  } finally {
    await client.end();
  }
};

export const databaseUrl = (url: string, database: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
};

/** Makes the template that every tenant's database is a copy of. `setup` runs in it as the superuser. */
export const prepareTemplate = async (superuserUrl: string, setup: string): Promise<void> => {
  await withConnection(superuserUrl, async (run) => {
    await run(`CREATE ROLE ${TENANT_GROUP} NOLOGIN`);
    await run(`CREATE DATABASE ${TEMPLATE} TEMPLATE template0 ENCODING 'UTF8'`);
    await run(`REVOKE ALL ON DATABASE ${TEMPLATE} FROM PUBLIC`);
  });
  await withConnection(databaseUrl(superuserUrl, TEMPLATE), (run) =>
    run(`${setup};
      GRANT USAGE, CREATE ON SCHEMA public TO ${TENANT_GROUP};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${TENANT_GROUP};
      GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${TENANT_GROUP}`),
  );
};

/** A login of the database's name and the database, which nobody else may connect to. */
export const createDatabase = async (run: Run, { databaseName, password }: TenantLogin, connectionLimit: number): Promise<void> => {
  await run(`CREATE ROLE ${databaseName} LOGIN PASSWORD '${password}' CONNECTION LIMIT ${connectionLimit} IN ROLE ${TENANT_GROUP}`);
  await run(`CREATE DATABASE ${databaseName} TEMPLATE ${TEMPLATE} ALLOW_CONNECTIONS false`);
  await run(`REVOKE ALL ON DATABASE ${databaseName} FROM PUBLIC;
    GRANT CONNECT ON DATABASE ${databaseName} TO ${databaseName};
    ALTER DATABASE ${databaseName} ALLOW_CONNECTIONS true`);
};

/** Opens or closes a tenant's login; closing ends its sessions, as a suspension does. */
export const allowLogin = async (run: Run, databaseName: string, isAllowed: boolean): Promise<void> => {
  await run(`ALTER ROLE ${databaseName} ${isAllowed ? 'LOGIN' : 'NOLOGIN'}`);
  if (!isAllowed) await run('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [databaseName]);
};

export const setPassword = async (run: Run, { databaseName, password }: TenantLogin): Promise<void> => {
  await run(`ALTER ROLE ${databaseName} PASSWORD '${password}'`);
};

export const dropDatabase = async (run: Run, databaseName: string): Promise<void> => {
  await run(`DROP DATABASE IF EXISTS ${databaseName} WITH (FORCE)`);
  await run(`DROP ROLE IF EXISTS ${databaseName}`);
};
