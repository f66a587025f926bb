/*
 * The registry of PostgreSQL servers: from a PostgresServer's name to sessions on it. Separate because it is the one
 * place that knows credentials, checks who answers, ends a former leader's sessions and keeps dead servers at a distance.
 */
import type { ServerSessions } from './server-sessions.ts';

/** Known but not usable: something about the PostgresServer needs a person, or has not been looked at yet. */
export class ServerNotReady extends Error {
  override readonly name = 'ServerNotReady';
  /** CamelCase, e.g. `IdentityChanged`, `NotFound`. */
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface Servers {
  /** Throws Unavailable while the server cannot be reached (at once, while that is known) and ServerNotReady. */
  get(name: string): Promise<ServerSessions>;
  end(): Promise<void>;
}
