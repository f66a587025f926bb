// The servers that are compared, as data: what frames the request, and where its connection comes from. Separate because the parent
// chooses them, a child builds them and the report names them.

export interface Variant {
  readonly frame: 'node:http' | 'Express 5';
  /**
   * `one pool`: the same pool of one tenant's database for every host, as an application with a single database has it. `pool per
   * tenant`: a fixed pool for each tenant in use, found by the Host header in a Map; the least that any solution has to do.
   */
  readonly source: 'one pool' | 'pool per tenant' | 'routing';
}

/** What a server is given to reach its databases. */
export interface TenantLogin {
  /** As the clients ask for it. */
  readonly host: string;
  readonly organizationId: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
}

export interface ServeRequest extends Variant {
  readonly postgres: { readonly host: string; readonly port: number };
  /** As the application's own login. */
  readonly masterUrl: string;
  readonly baseDomain: string;
  /** Those that will be asked for. */
  readonly tenants: readonly TenantLogin[];
  /** Hosts that the directory has looked up before the first request; in use or not. */
  readonly known: readonly string[];
  /** PostgreSQL connections in all, shared evenly by the tenants' pools. */
  readonly connections: number;
  readonly connectionsPerTenant: number;
  /** Pools that routing keeps open at most. */
  readonly maxPools: number;
}

/** The same for every server. The database's name in each row tells the answers apart. */
export const SESSIONS = 'SELECT id, title, starts_at, capacity, current_database() AS studio FROM sessions ORDER BY starts_at LIMIT 20';

/** Makes what SESSIONS reads, in a tenant's database. */
export const SETUP = `
  CREATE TABLE sessions (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL, starts_at timestamptz NOT NULL,
    capacity integer NOT NULL);
  CREATE INDEX ON sessions (starts_at);
  INSERT INTO sessions (title, starts_at, capacity)
    SELECT 'Morning yoga ' || n, timestamptz '2030-01-01 09:00Z' + n * interval '1 hour', 12 FROM generate_series(1, 40) n;
  ANALYZE sessions;`;
