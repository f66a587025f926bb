/*
 * Connections to one database, kept and handed out: what the rest of the operator knows of PostgreSQL. Separate from
 * how a single connection is made (client.ts), and the same for the master database and for tenants' servers.
 */
import pg from 'pg';
import { Semaphore } from '../../runtime/semaphore.ts';
import { Unavailable } from '../../runtime/unavailable.ts';
import { PinnedClient } from './client.ts';
import type { ConnectionTarget } from './connection.ts';
import { connectionFailure, isBroken, statementFailure } from './failure.ts';
import { type StatementHooks, runStatement } from './statement.ts';
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
  /** Waits for statements under way, then closes all connections. Later calls, and those that wait for a connection, throw. */
  end(): Promise<void>;
}

export interface DatabasePoolOptions extends StatementHooks {
  readonly target: ConnectionTarget;
  readonly maxConnections: number;
  /** How long an unused connection is kept. */
  readonly idleTimeoutMs?: number;
  /** Looks at a new connection before it is used; throws to refuse it. */
  readonly onConnect?: (query: Query) => Promise<void>;
  /** Told of every failure to get an answer or a connection. */
  readonly onFailure?: (error: unknown) => void;
}

const DEFAULT_IDLE_TIMEOUT_MS = 60_000;

/** Connects when first used. */
export function createDatabasePool(options: DatabasePoolOptions): DatabasePool {
  const pool = connectionsOf(options);
  const { target } = options;
  const seen = new WeakSet<pg.PoolClient>();
  // pg's pool never answers those that wait for a connection when it is ended: nobody is let to wait there.
  const free = new Semaphore(options.maxConnections);
  const ending = new AbortController();

  const withClient: typeof withFreeClient = (work) => free.run(() => withFreeClient(work), ending.signal);

  async function withFreeClient<T>(work: (query: Query, discard: () => void) => Promise<T>): Promise<T> {
    const client = await pool.connect().catch((error: unknown) => {
      options.onFailure?.(error);
      throw connectionFailure(error, target);
    });
    let broken = !seen.has(client);
    const query: Query = <R>(sql: Sql) =>
      runStatement<R>(client, sql, options, (error) => {
        if (isBroken(error)) options.onFailure?.(error);
        broken ||= isBroken(error);
        return statementFailure(error, target);
      });
    try {
      if (broken) await options.onConnect?.(query);
      seen.add(client);
      broken = false;
      return await work(query, () => {
        broken = true;
      });
    } finally {
      client.release(broken);
    }
  }

  return {
    query: (sql) => withClient((query) => query(sql)),
    transaction: (work) => withClient((query, discard) => inTransaction(query, work, discard)),
    end() {
      const { host, port, system, label } = target;
      ending.abort(new Unavailable(`the connections to PostgreSQL at ${host}:${port} are being closed`, { system, target: label }));
      return pool.end();
    },
  };
}

function connectionsOf({ target, maxConnections, idleTimeoutMs }: DatabasePoolOptions): pg.Pool {
  const pool = new pg.Pool({
    // Not by the pool's own options: its connect timeout would count the wait for a free connection as well.
    Client: class extends PinnedClient {
      constructor() {
        super(target);
      }
    } as unknown as NonNullable<pg.PoolConfig['Client']>,
    max: maxConnections,
    idleTimeoutMillis: idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS,
  });
  // An idle connection that breaks is taken out by the pool itself; the next statement opens another.
  pool.on('error', () => undefined);
  return pool;
}

/** @param discard the connection is not to be used again */
async function inTransaction<T>(query: Query, work: (query: Query) => Promise<T>, discard: () => void): Promise<T> {
  await query({ text: 'BEGIN', kind: 'begin' });
  try {
    const result = await work(query);
    await query({ text: 'COMMIT', kind: 'commit' });
    return result;
  } catch (error) {
    // What went wrong is the first error. Where ROLLBACK fails as well, closing the connection rolls back.
    await query({ text: 'ROLLBACK', kind: 'rollback' }).catch(discard);
    throw error;
  }
}
