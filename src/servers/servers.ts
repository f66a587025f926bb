/*
 * The registry of PostgreSQL servers, as others see it: from a PostgresServer's name to sessions on it. Separate from
 * what keeps it, which knows credentials, checks who answers and keeps dead servers at a distance.
 */
import type { ServerFacts } from '../desired/postgres/server-facts.ts';
import type { ServerNotReady } from './server-not-ready.ts';
import type { ServerSessions } from './server-sessions.ts';

export { ServerNotReady } from './server-not-ready.ts';

/** How clients are to connect: libpq's sslmode, and the authority to trust (PEM). */
export interface ClientTls {
  readonly sslmode: string;
  readonly ca?: string;
}

export type ServerState =
  | { readonly kind: 'ready'; readonly facts: ServerFacts; readonly identity: string }
  | { readonly kind: 'notReady'; readonly error: ServerNotReady };

export interface Servers {
  /** Throws Unavailable while the server cannot be reached (at once, while that is known) and ServerNotReady. */
  get(name: string): Promise<ServerSessions>;
  /**
   * Looks at the server, or at what was seen of it at most so long ago. Throws Unavailable when there is no answer.
   *
   * @param maxAgeMs 0 asks the server in any case
   */
  state(name: string, maxAgeMs: number): Promise<ServerState>;
  /** What goes into tenants' Secrets. Throws ServerNotReady where the PostgresServer or its authority is not there. */
  clientTls(name: string): Promise<ClientTls>;
  /** Closes what is open to it. */
  forget(name: string): Promise<void>;
  end(): Promise<void>;
}
