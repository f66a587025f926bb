/*
 * One tenant's pool: its connections, who waits for them, and what is known of the way to its database. State and the
 * questions about it, no actions; separate because a connection is tied to its bucket here, for life.
 */
import type { Tenant } from '../tenant.ts';
import { type Access, generationOf, sameTarget } from './access.ts';
import type { Connection } from './connection.ts';
import type { OpenFailure } from './failures.ts';
import type { ServerSlots } from './server-slots.ts';
import { Waiters } from './waiters.ts';

export type Server = ServerSlots<Bucket, Pooled>;

/** A connection in its bucket. Both are readonly: there is no way to move it to another tenant. */
export class Pooled {
  readonly bucket: Bucket;
  readonly server: Server;
  readonly connection: Connection;
  /** performance.now() when it was opened. */
  readonly openedAt = performance.now();
  /** performance.now() when it came back last. */
  idleSince = 0;
  /** The longest one statement may take for who has it now, milliseconds. */
  statementLimitMs = 0;

  constructor(bucket: Bucket, server: Server, connection: Connection) {
    this.bucket = bucket;
    this.server = server;
    this.connection = connection;
  }
}

export interface Failure {
  readonly kind: OpenFailure;
  readonly error: Error;
  /** performance.now() of the first one since a connection was opened, and of the latest. */
  readonly since: number;
  readonly latest: number;
  /** How many there were in a row. */
  readonly count: number;
}

export class Bucket {
  readonly organizationId: number;
  tenant: Tenant;
  server: Server;
  /** With what connections are opened; undefined until the credentials were read. */
  access: Access | undefined;
  /** The credentials were refused: they are to be read again before the next connection is opened. */
  refused = false;
  /** The tenant has a newer password or another address than `access`: what was opened with it is not used again. */
  outdated = false;
  /** Credentials are being read. */
  reading = false;
  /** After a failure, before the next attempt. */
  recovering = false;
  failure: Failure | undefined;
  /** performance.now() of the last look at the directory. */
  lookedAt = -Infinity;
  /** Attempts to open a connection that are under way. */
  opening = 0;
  /** The last one was used last. */
  readonly idle: Pooled[] = [];
  readonly busy = new Set<Pooled>();
  readonly waiters = new Waiters<Pooled>();
  /** Of the newest reading of the tenant that was seen. */
  #asOf: number | undefined;
  /** Tenants as they were before a change, for those that do not tell of when they are. */
  readonly #former = new WeakSet<Tenant>();

  constructor(tenant: Tenant, server: Server) {
    this.organizationId = tenant.organizationId;
    this.#asOf = tenant.asOf;
    this.tenant = tenant;
    this.server = server;
  }

  get size(): number {
    return this.idle.length + this.busy.size + this.opening;
  }

  get oldestWaiter(): number {
    return this.waiters.oldest;
  }

  /** Credentials must be read before a connection can be opened. */
  get needsAccess(): boolean {
    return this.access === undefined || this.refused || this.outdated;
  }

  /** Nothing is going on: it can be closed without anybody noticing. */
  get atRest(): boolean {
    return this.busy.size === 0 && this.opening === 0 && this.waiters.size === 0 && !this.reading && !this.recovering;
  }

  /** Whether one more attempt to open a connection should be started. One at a time while they fail. */
  needsConnection(maxConnections: number): boolean {
    if (this.reading || this.recovering || this.waiters.size <= this.opening) return false;
    return this.size < maxConnections && (this.failure === undefined || this.opening === 0);
  }

  /** May a connection that comes back be handed out again? */
  accepts({ connection }: Pooled): boolean {
    return connection.access === this.access && !this.outdated && connection.clean;
  }

  /** Takes over what a request knows of the tenant, if it is news: another address, or a newer password. */
  learn(tenant: Tenant): 'nothing' | 'renewed' | 'moved' {
    if (this.#isOlder(tenant)) return 'nothing';
    const known = this.tenant;
    const moved = !sameTarget(tenant, known);
    if (!moved && generationOf(tenant) <= generationOf(known)) return 'nothing';
    this.#former.add(known);
    this.tenant = tenant;
    this.outdated = true;
    return moved ? 'moved' : 'renewed';
  }

  /** Requests that began before a change still know the tenant as it was, each from a reading of its own. */
  #isOlder(tenant: Tenant): boolean {
    const { asOf } = tenant;
    if (asOf === undefined || this.#asOf === undefined) return generationOf(tenant) < generationOf(this.tenant) || this.#former.has(tenant);
    if (asOf < this.#asOf) return true;
    this.#asOf = asOf;
    return false;
  }
}
