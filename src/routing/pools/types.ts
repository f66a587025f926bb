/*
 * What the pools promise to whoever uses them. Types only, separate so that middleware and applications depend on them
 * and not on how connections are kept; no type of pg is among them.
 */
import type { Tenant } from '../tenant.ts';

export interface QueryResult<R> {
  readonly rows: R[];
  /** Rows inserted, changed, deleted or read; null for statements that count none. */
  readonly rowCount: number | null;
}

/** A statement as an object, e.g. with `rowMode: 'array'`; passed on to pg. */
export interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[] | undefined;
  readonly rowMode?: 'array' | undefined;
}

/**
 * A connection on loan. It is a pg.Client, for ORMs, cursors and COPY, that works until the work it was given to is
 * over: using it later throws. What a session keeps (SET, temporary tables, advisory locks, prepared statements) is
 * not cleared between two loans of one tenant, and does not survive a transaction through a pooler: use SET LOCAL and
 * pg_advisory_xact_lock. `end` and `release` do nothing: the connection is not the borrower's.
 */
export interface TenantClient {
  query<R = Record<string, unknown>>(statement: string | Statement, values?: readonly unknown[]): Promise<QueryResult<R>>;
}

export interface LoanOptions {
  /** The longest one statement of this work may take, milliseconds. Default: the pools'. */
  readonly queryTimeoutMs?: number | undefined;
}

export interface TransactionOptions extends LoanOptions {
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable' | undefined;
  readonly readOnly?: boolean | undefined;
}

export interface TenantPools {
  /**
   * Runs one statement in the tenant's database. Without values the text may be several statements.
   * Tried again, twice at most, only when it is certain that nothing of it was done: see docs/routing.md.
   * Throws Overloaded, TenantUnavailable, TenantNotServed, WrongTenant; the statement's own errors are pg.DatabaseErrors.
   */
  query<R = Record<string, unknown>>(tenant: Tenant, statement: string | Statement, values?: readonly unknown[]): Promise<QueryResult<R>>;
  /**
   * Commits when `work` resolves, rolls back when it rejects (with its error). Throws also when the transaction was not
   * committed although `work` resolved: a statement in it had failed, or the work ended it by itself. TenantUnavailable
   * at the end means that it is unknown whether it was committed. `work` is run once.
   */
  transaction<T>(tenant: Tenant, work: (client: TenantClient) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Lends a connection for as long as `work` takes. A transaction that it leaves open is rolled back with its connection. */
  withClient<T>(tenant: Tenant, work: (client: TenantClient) => Promise<T>, options?: LoanOptions): Promise<T>;
  stats(): PoolsStats;
  /** Takes no more work, waits for what is under way (up to `closeTimeoutMs`), and closes every connection. */
  close(): Promise<void>;
}

export interface ServerStats {
  /** `host:port`. */
  readonly server: string;
  /** Connections that are open, being opened or being closed. */
  readonly connections: number;
  readonly limit: number;
  readonly idle: number;
  /** Tenants that wait for one of this server's connections. */
  readonly waitingTenants: number;
}

export interface PoolsStats {
  /** Tenants with a pool. */
  readonly pools: number;
  readonly connections: number;
  readonly idle: number;
  readonly busy: number;
  readonly opening: number;
  /** Requests that wait for a connection. */
  readonly waiting: number;
  readonly servers: readonly ServerStats[];
  /** Since the start, by kind of event. */
  readonly counts: Readonly<Record<PoolEventType, number>>;
}

/** Why a connection was closed. */
export const CloseReason = {
  /** Not used for `idleTimeoutMs`. */
  Idle: 'idle',
  /** Its pool was the least recently used of more than `maxPools`. */
  Evicted: 'evicted',
  /** Another tenant needed its place on the server. */
  Yielded: 'yielded',
  /** The tenant has a newer password or another address. */
  Outdated: 'outdated',
  /** It came back in a transaction, in the middle of a statement, or broken. */
  Unclean: 'unclean',
  /** The other side ended it. */
  Lost: 'lost',
  /** A statement took longer than its limit. */
  Timeout: 'timeout',
  /** The pools are being closed. */
  Closing: 'closing',
} as const;
export type CloseReason = (typeof CloseReason)[keyof typeof CloseReason];

/** For metrics and logs. No event is emitted for a statement that found an idle connection. */
export type PoolEvent =
  | { readonly type: 'opened'; readonly organizationId: number; readonly server: string; readonly durationMs: number }
  | { readonly type: 'closed'; readonly organizationId: number; readonly server: string; readonly reason: CloseReason }
  /** No connection could be opened; it is tried again while somebody waits. */
  | { readonly type: 'failed'; readonly organizationId: number; readonly server: string; readonly error: Error }
  /** Credentials were read again after a refusal or for a newer generation. */
  | { readonly type: 'reread'; readonly organizationId: number; readonly changed: boolean }
  /** A statement, or the BEGIN of a transaction, is run again on another connection. */
  | { readonly type: 'retried'; readonly organizationId: number; readonly error: Error }
  | { readonly type: 'waited'; readonly organizationId: number; readonly durationMs: number }
  /** Somebody was turned away. */
  | { readonly type: 'overloaded'; readonly organizationId: number };
export type PoolEventType = PoolEvent['type'];
