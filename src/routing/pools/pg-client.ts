/*
 * pg's client with what it may do narrowed. Separate because four things must hold for every connection to a tenant's
 * database, whatever the environment of the process says.
 *
 * - Only `user`, `database` and `application_name` are sent at start-up (and client_encoding, by pg): a pooler in
 *   transaction mode refuses or forgets the rest, and pg would take PGOPTIONS and PGREPLICATION from the environment.
 * - The password is proven by SCRAM. In clear or as MD5 it is given only to a server whose certificate was verified.
 * - A broken connection never ends the process: pg emits 'error', which is fatal without a listener.
 * - TLS is as the credentials say, never as PGSSLMODE does.
 */
import { ScramClient } from '../scram-client.ts';
import { sslOptions } from '../ssl-options.ts';
import type { Access } from './access.ts';
import type { Session } from './cancel.ts';

/** What pg calls its wire connection; its types leave most of it out. */
interface Wire {
  readonly stream: { readonly writable: boolean; destroy(error?: Error): void };
  on(event: string, listener: () => void): void;
}

const KEEP_ALIVE_AFTER_MS = 10_000;

export class TenantDatabaseClient extends ScramClient {
  /** Set by the first sign that the connection is of no more use. */
  lost: Error | undefined;
  readonly #startUp: Readonly<Record<string, string>>;

  constructor({ host, port, database, credentials }: Access, applicationName: string) {
    super({
      host,
      port,
      database,
      user: credentials.username,
      // Not the text: pg would take PGPASSWORD for an empty one.
      password: () => credentials.password,
      ssl: sslOptions(credentials.sslmode ?? 'disable', credentials.ca),
      sslnegotiation: 'postgres',
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    });
    this.#startUp = { user: credentials.username, database, application_name: applicationName };
    this.on('error', (error) => {
      this.lost ??= error;
    });
    this.once('end', () => {
      this.lost ??= new Error('the connection was closed');
    });
  }

  /** Called by pg for the start-up message. */
  getStartupConf(): Readonly<Record<string, string>> {
    return this.#startUp;
  }

  /** False when a statement would not be sent: pg drops what it cannot write without a word. */
  get sendable(): boolean {
    return this.lost === undefined && this.#wire.stream.writable;
  }

  /** With what a statement of ours can be cancelled; undefined where the server gave nothing for it. */
  get session(): Session | undefined {
    const { processID: processId, secretKey } = this as unknown as Readonly<Record<string, unknown>>;
    return typeof processId === 'number' && typeof secretKey === 'number' ? { processId, secretKey } : undefined;
  }

  /** `listener` is called whenever the server is ready for another statement. */
  onReady(listener: () => void): void {
    this.#wire.on('readyForQuery', listener);
  }

  /** Ends the connection without a goodbye; statements under way reject with `reason`. */
  destroy(reason: Error): void {
    this.lost ??= reason;
    this.#wire.stream.destroy(reason);
  }

  get #wire(): Wire {
    return (this as unknown as { readonly connection: Wire }).connection;
  }
}
