/*
 * "The server is known, but not usable." Separate from the registry so that what it is made of can say so, too.
 */

/** Something about a PostgresServer needs a person, or has not been looked at yet. */
export class ServerNotReady extends Error {
  override readonly name = 'ServerNotReady';
  /** CamelCase, e.g. `IdentityChanged`, `NotFound`. */
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}
