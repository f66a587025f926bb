/*
 * One open connection to one tenant's database: opening, running statements, finding out whether it is clean, closing.
 * Separate because all input and output with PostgreSQL is here; who may use a connection when is decided elsewhere.
 */
import { WrongTenant } from '../errors.ts';
import type { Access } from './access.ts';
import { cancelStatement } from './cancel.ts';
import { TenantDatabaseClient } from './pg-client.ts';
import type { QueryResult, Statement } from './types.ts';

export interface OpenOptions {
  readonly timeoutMs: number;
  readonly applicationName: string;
  readonly signal: AbortSignal;
}

type Done<R> = (error: Error | null | undefined, result: QueryResult<R> | undefined) => void;

/** A server that does not answer our goodbye, or a statement's end, is not waited for longer. */
const GRACE_MS = 2_000;

/**
 * Opens a connection and looks which database it is in: a pooler can send it elsewhere, and reports only now what kept
 * it from the server. Throws WrongTenant, pg.DatabaseError, or what the socket said; then nothing is left open.
 */
export async function openConnection(access: Access, { timeoutMs, applicationName, signal }: OpenOptions): Promise<Connection> {
  signal.throwIfAborted();
  const client = new TenantDatabaseClient(access, applicationName);
  const connection = new Connection(client, access);
  const abandon = (): void => client.destroy(signal.reason as Error);
  const timer = setTimeout(() => client.destroy(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
  signal.addEventListener('abort', abandon, { once: true });
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string }>('SELECT pg_catalog.current_database() AS name');
    if (rows[0]?.name !== access.database) throw new WrongTenant(`asked for database "${access.database}", got "${rows[0]?.name}"`);
    return connection;
  } catch (error) {
    client.destroy(new Error('the connection could not be opened', { cause: error }));
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abandon);
  }
}

export class Connection {
  readonly access: Access;
  readonly #client: TenantDatabaseClient;
  readonly #ended: Promise<void>;
  /** A statement was sent, and the server has not said since that it is ready for another. */
  #outstanding = false;
  #expired: Error | undefined;
  /** performance.now() of the last statement's start. */
  #sentAt = 0;

  constructor(client: TenantDatabaseClient, access: Access) {
    this.access = access;
    this.#client = client;
    this.#ended = new Promise((resolve) => {
      client.once('end', resolve);
    });
    client.onReady(() => {
      this.#sentAt = performance.now();
    });
    client.on('drain', () => {
      this.#outstanding = false;
    });
  }

  /** Why it is of no more use. */
  get lost(): Error | undefined {
    return this.#expired ?? this.#client.lost;
  }

  /** Set when a statement took longer than it may. */
  get expired(): Error | undefined {
    return this.#expired;
  }

  /** True when a statement can be sent and will be. */
  get sendable(): boolean {
    return this.#expired === undefined && this.#client.sendable;
  }

  /** `listener` is called when the connection is of no more use, from whichever side that comes. */
  onLost(listener: () => void): void {
    this.#client.once('error', listener);
    this.#client.once('end', listener);
  }

  /**
   * Runs the statement, with no other under way. `done` is called once; with no error the connection is ready for another
   * statement at that moment. Throws TypeError for what is no statement.
   */
  run<R>(statement: string | Statement, values: readonly unknown[] | undefined, done: Done<R>): void {
    const finished: Done<R> = (error, result) => {
      // pg calls back on ReadyForQuery, a moment before it says 'drain'; errors come before the server is ready.
      if (error === undefined || error === null) this.#outstanding = false;
      done(error, result);
    };
    this.#send([statement, values, finished]);
  }

  /** For borrowers: pg's own query, with all its forms. */
  passOn(parameters: readonly unknown[]): unknown {
    return this.#send(parameters);
  }

  /** What a borrower sees of it, other than `query`. */
  get client(): object {
    return this.#client;
  }

  /** 'I' outside a transaction, 'T' in one, 'E' in a failed one: as the server said last. */
  get transactionStatus(): string | null {
    return this.#client.getTransactionStatus();
  }

  /** True while the server works for us, or we have not read its answer. */
  get outstanding(): boolean {
    return this.#outstanding;
  }

  /** How long the statement that is under way takes so far, milliseconds; 0 when there is none. */
  statementMs(now: number): number {
    return this.#outstanding ? now - this.#sentAt : 0;
  }

  /**
   * Resolves when the server is done with everything that was sent, or the connection has ended, or it is clear that
   * neither comes soon. The server reports a failed statement before it is ready for the next.
   */
  async settled(): Promise<void> {
    if (!this.#outstanding || this.lost !== undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const drained = new Promise<void>((resolve) => {
      this.#client.once('drain', resolve);
      timer = setTimeout(resolve, GRACE_MS);
    });
    await Promise.race([drained, this.#ended]);
    clearTimeout(timer);
  }

  /** True when the next user finds a session that is in no transaction and in the middle of nothing. */
  get clean(): boolean {
    return !this.#outstanding && this.sendable && this.transactionStatus === 'I';
  }

  /** Says goodbye and resolves when the session has ended on the server, or is not waited for any longer. */
  async close(): Promise<void> {
    if (this.lost !== undefined) return await this.destroy(this.lost);
    if (this.#outstanding) return await this.expire(new Error('it was given back in the middle of a statement'));
    const impatience = setTimeout(() => this.#client.destroy(new Error('no answer to our goodbye')), GRACE_MS);
    // pg tells nothing of failures here, and waits for ever where there is nobody: `#ended` is what counts.
    void this.#client.end().catch(() => undefined);
    await this.#ended;
    clearTimeout(impatience);
  }

  /** Gives the statement that is under way up: the server is told, and the connection is not used again. */
  async expire(reason: Error): Promise<void> {
    if (this.#expired !== undefined) return;
    this.#expired = reason;
    const { session } = this.#client;
    if (session !== undefined) await cancelStatement(this.access, session);
    await this.destroy(reason);
  }

  /** Ends it at once; a statement under way rejects with `reason`. */
  async destroy(reason: Error): Promise<void> {
    this.#client.destroy(reason);
    await this.#ended;
  }

  #send(parameters: readonly unknown[]): unknown {
    const before = this.#outstanding;
    // One that is queued behind another begins when that one has ended.
    if (!before) this.#sentAt = performance.now();
    this.#outstanding = true;
    try {
      return (this.#client.query as (...all: unknown[]) => unknown).apply(this.#client, [...parameters]);
    } catch (error) {
      // pg throws for what is no statement at all: nothing was sent, so there is no answer to come.
      this.#outstanding = before;
      throw error;
    }
  }
}
