/*
 * One PostgreSQL server as the operator's role sees it. Separate from how servers are found and checked (servers.ts):
 * gathers, statement groups and steps need sessions and limits, nothing else.
 */
import type { DatabasePool } from '../clients/postgres/database-pool.ts';
import type { Query } from '../clients/postgres/sql.ts';
import type { Semaphore } from '../runtime/semaphore.ts';
import type { LatestFacts } from './latest-facts.ts';

export interface LoginOptions {
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** `code` is the SQLSTATE of the refusal. 53300 (too many connections) proves neither a right nor a wrong password. */
export type LoginResult = { readonly ok: true } | { readonly ok: false; readonly code: string };

export interface ServerSessions {
  /** Name of the PostgresServer. */
  readonly name: string;
  /** The role that databases belong to and that all sessions log in as. */
  readonly operatorRole: string;
  /** Whose marks count as ours. */
  readonly installation: string;
  /** What the server last showed of itself. */
  readonly facts: LatestFacts;
  /** The maintenance database. */
  readonly control: DatabasePool;
  /** The maintenance database, for CREATE and DROP DATABASE: minutes instead of seconds before a statement is ended. */
  readonly slow: DatabasePool;
  /** CREATE DATABASE: more than 2 per core make all of them slower. */
  readonly createSlots: Semaphore;
  /** DROP DATABASE forces a checkpoint: one at a time. */
  readonly dropSlots: Semaphore;
  /** In a session that stays in SET ROLE of the creator shard of organization n; the shard is made when it is missing. */
  asShard<T>(n: number, work: (query: Query) => Promise<T>): Promise<T>;
  /** A connection of its own into a database as the operator's role, closed afterwards. Catalogs only: see connection.ts. */
  inside<T>(database: string, work: (query: Query) => Promise<T>): Promise<T>;
  /** A connection of its own as somebody else, closed afterwards. */
  as<T>(login: LoginOptions, work: (query: Query) => Promise<T>): Promise<T>;
  /** Logs in and out again. Throws Unavailable when the server gives no answer. */
  login(options: LoginOptions): Promise<LoginResult>;
  end(): Promise<void>;
}
