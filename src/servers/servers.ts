/*
 * The registry of PostgreSQL servers: from a PostgresServer's name to sessions on it. Separate because it is the one
 * place that knows credentials, checks who answers, ends a former leader's sessions and keeps dead servers at a distance.
 */
import type { ServerSessions } from './server-sessions.ts';

export { ServerNotReady } from './server-not-ready.ts';

/** How clients are to connect: libpq's sslmode, and the authority to trust (PEM). */
export interface ClientTls {
  readonly sslmode: string;
  readonly ca?: string;
}

export interface Servers {
  /** Throws Unavailable while the server cannot be reached (at once, while that is known) and ServerNotReady. */
  get(name: string): Promise<ServerSessions>;
  /** What goes into tenants' Secrets. Throws ServerNotReady where the PostgresServer or its authority is not there. */
  clientTls(name: string): Promise<ClientTls>;
  end(): Promise<void>;
}
