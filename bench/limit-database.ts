// PostgreSQL's half of the bare limit: what one tenant's row, roles, database, grants and login cost the server, on one connection of a
// pool and two new ones, as a superuser who need not ask who may do what.

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { scramVerifier } from '../src/clients/postgres/scram.ts';
import { inDatabase } from '../dev/demo/query.ts';
import { inParallel } from './in-parallel.ts';
import { BENCH_APPLICATION } from './postgres-log.ts';

export interface LimitDatabase {
  prepare(): Promise<void>;
  /** `limited` runs CREATE DATABASE when it may. */
  tenant(index: number, limited: (create: () => Promise<void>) => Promise<void>): Promise<void>;
  remove(): Promise<void>;
}

const DROPS_AT_ONCE = 2;
const PASSWORD_BYTES = 24;

export const limitDatabase = (superuserUrl: string, prefix: string, connections: number): LimitDatabase => {
  const pool = new pg.Pool({ connectionString: superuserUrl, application_name: BENCH_APPLICATION, max: connections });
  const made: string[] = [];
  return {
    prepare: async () => {
      await pool.query(TABLES);
    },
    tenant: async (index, limited) => {
      const name = `${prefix}_${index}`;
      const password = randomBytes(PASSWORD_BYTES).toString('base64url');
      made.push(name);
      const { rows } = await pool.query<{ id: string }>('INSERT INTO limit_org (name, state) VALUES ($1, $2) RETURNING id', [name, 'p']);
      await pool.query(roles(name, await scramVerifier(password)));
      await limited(async () => {
        await pool.query(`CREATE DATABASE provisional_${name} STRATEGY wal_log ALLOW_CONNECTIONS false CONNECTION LIMIT 40`);
      });
      await pool.query(opened(name));
      await once(inDatabase(superuserUrl, name), inside(name));
      await once(asTenant(superuserUrl, name, password), 'SELECT 1');
      await pool.query(ACTIVE, [rows[0]?.id, 'free', 100, 'active']);
    },
    remove: async () => {
      await inParallel(made.length, DROPS_AT_ONCE, async (index) => {
        const name = made[index];
        await pool.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
        await pool.query(`DROP DATABASE IF EXISTS provisional_${name} WITH (FORCE)`);
        await pool.query(`DROP ROLE IF EXISTS ${name}_b, ${name}, ${name}_owner`);
      });
      await pool.end();
    },
  };
};

const TABLES = `
  CREATE TABLE IF NOT EXISTS limit_org (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE, state text);
  CREATE TABLE IF NOT EXISTS limit_subscription (org bigint, plan text);
  CREATE TABLE IF NOT EXISTS limit_account (org bigint, balance integer)`;

const ACTIVE = `
  WITH a AS (INSERT INTO limit_subscription VALUES ($1, $2)), b AS (INSERT INTO limit_account VALUES ($1, $3))
  UPDATE limit_org SET state = $4 WHERE id = $1`;

/** On a connection of its own. */
const once = async (url: string, text: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url, application_name: BENCH_APPLICATION });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
};

/** Names are ours and plain words. */
const roles = (name: string, verifier: string): string => `
  CREATE ROLE ${name}_owner NOLOGIN;
  CREATE ROLE ${name} LOGIN PASSWORD '${verifier}';
  CREATE ROLE ${name}_b NOLOGIN IN ROLE ${name};
  GRANT ${name}_owner TO CURRENT_USER WITH INHERIT FALSE`;

const opened = (name: string): string => `
  ALTER DATABASE provisional_${name} RENAME TO ${name};
  REVOKE ALL ON DATABASE ${name} FROM PUBLIC;
  GRANT CONNECT ON DATABASE ${name} TO ${name};
  GRANT CREATE ON DATABASE ${name} TO ${name}_owner;
  COMMENT ON DATABASE ${name} IS '{}';
  ALTER DATABASE ${name} ALLOW_CONNECTIONS true`;

const inside = (name: string): string => `
  ALTER SCHEMA public OWNER TO ${name}_owner;
  SET ROLE ${name}_owner;
  GRANT USAGE ON SCHEMA public TO ${name};
  ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${name}`;

const asTenant = (superuserUrl: string, name: string, password: string): string => {
  const url = new URL(inDatabase(superuserUrl, name));
  url.username = name;
  url.password = password;
  return url.href;
};
