/*
 * Connections to one database, kept and handed out: what the rest of the operator knows of PostgreSQL. Separate from
 * how a single connection is made (connection.ts), and the same for the master database and for tenant servers.
 */
import type { Query, Sql } from './sql.ts';

/**
 * Every method throws Unavailable when the server could not be reached or cut the connection (then whether a statement
 * took effect is unknown), the server's own error with its SQLSTATE when it refused, and LeadershipLost when this
 * process may not act any more.
 */
export interface DatabasePool {
  query<R>(sql: Sql): Promise<readonly R[]>;
  /** BEGIN, the work, COMMIT; ROLLBACK when the work throws. Prefer one `joined` text where nothing is read between. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /** Waits for statements under way, then closes all connections. Later calls throw. */
  end(): Promise<void>;
}
