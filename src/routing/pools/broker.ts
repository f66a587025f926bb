/*
 * Who gets which connection. Separate because every rule of isolation, limits and fairness is kept in one place: a
 * connection is looked for in its tenant's bucket only, is handed out only when it is clean and opened with what the
 * tenant has now, and its place on the server is given on only after the server has let it go. Longer than other files
 * for that reason: every step changes the same few sets, and none of them may be changed from elsewhere.
 */
import { Overloaded, TenantUnavailable, WrongTenant } from '../errors.ts';
import type { Tenant } from '../tenant.ts';
import { type Access, serverKey } from './access.ts';
import { Bucket, Pooled, type Server } from './bucket.ts';
import type { Connection } from './connection.ts';
import { OpenFailure, openFailure } from './failures.ts';
import { asError, nextFailure, type Opener, pauseMs, waitedInVain } from './opener.ts';
import type { Limits } from './options.ts';
import { ServerSlots } from './server-slots.ts';
import { CloseReason, type PoolEvent } from './types.ts';
import type { Waiter } from './waiters.ts';

export interface BrokerOptions {
  readonly limits: Limits;
  readonly opener: Opener;
  readonly open: (access: Access, signal: AbortSignal) => Promise<Connection>;
  readonly emit: (event: PoolEvent) => void;
}

const RETRY_AFTER_SECONDS = 1;

/**
 * A new connection is its tenant's for at least as long, while the tenant has work for it, and one that has rested for as
 * long may go to a tenant that wants another: else many tenants with many requests would log in anew for every one of them.
 */
const TURN_MS = 100;

export class Broker {
  readonly #options: BrokerOptions;
  readonly #limits: Limits;
  readonly #buckets = new Map<number, Bucket>();
  readonly #servers = new Map<string, Server>();
  /** Buckets without work, the least recently used first. */
  readonly #resting = new Set<Bucket>();
  readonly #closings = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  #waiting = 0;
  #numbers = 0;

  constructor(options: BrokerOptions) {
    this.#options = options;
    this.#limits = options.limits;
  }

  get buckets(): Iterable<Bucket> {
    return this.#buckets.values();
  }

  get servers(): Iterable<Server> {
    return this.#servers.values();
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** A connection of this tenant: at once if one is idle. Throws, or rejects with, what TenantPools.query documents. */
  acquire(tenant: Tenant): Pooled | Promise<Pooled> {
    const bucket = this.#bucketOf(tenant);
    return this.#takeIdle(bucket) ?? this.#wait(bucket);
  }

  /** Gives a connection back. With a reason, or unless it is clean and up to date, it is closed. */
  release(pooled: Pooled, reason?: CloseReason): void {
    const { bucket } = pooled;
    if (!bucket.busy.delete(pooled)) throw new Error('a connection was given back twice');
    if (reason === undefined && !this.#closing.signal.aborted && bucket.accepts(pooled)) this.#offer(pooled);
    else this.#discard(pooled, reason ?? this.#reasonOf(pooled));
    this.#afterwards(bucket);
  }

  /** Closes the tenant's idle connections: they are likely to be gone as well. */
  distrust(bucket: Bucket): void {
    this.#retireIdle(bucket, CloseReason.Lost);
  }

  /** Closes what was idle for too long, and what takes longer than it may. To be called every now and then. */
  sweep(now: number): void {
    for (const server of this.#servers.values()) {
      for (const pooled of server.idle) {
        if (now - pooled.idleSince < this.#limits.idleTimeoutMs) break;
        this.#discard(pooled, CloseReason.Idle);
        this.#rest(pooled.bucket);
      }
      // Some that were in use a moment ago may have come to rest.
      this.#makeRoom(server, now);
    }
    for (const bucket of this.#buckets.values()) {
      for (const { connection, statementLimitMs } of bucket.busy) {
        if (connection.statementMs(now) <= statementLimitMs) continue;
        void connection.expire(new Error(`a statement took longer than ${statementLimitMs} ms`));
      }
      if (bucket.failure !== undefined && now - bucket.failure.latest > this.#limits.idleTimeoutMs) bucket.failure = undefined;
      this.#rest(bucket);
    }
  }

  /** Turns everybody away who waits, closes what is idle, and waits for the rest until `deadline` resolves. */
  async close(deadline: Promise<unknown>): Promise<void> {
    this.#closing.abort(new TenantUnavailable('the pools are closed', { retryAfterSeconds: RETRY_AFTER_SECONDS }));
    for (const bucket of this.#buckets.values()) {
      this.#rejectAll(bucket, this.#closing.signal.reason as Error);
      this.#retireIdle(bucket, CloseReason.Closing);
      this.#rest(bucket);
    }
    await Promise.race([this.#quiet(), deadline]);
    for (const bucket of this.#buckets.values()) {
      for (const { connection } of bucket.busy) void connection.destroy(new Error('the pools are closed'));
    }
    await Promise.all(this.#closings);
    this.#buckets.clear();
    this.#resting.clear();
  }

  /** Resolves when no connection is in use, being opened or being closed. */
  async #quiet(): Promise<void> {
    while ([...this.#servers.values()].some(({ used }) => used > 0)) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  #bucketOf(tenant: Tenant): Bucket {
    const bucket = this.#buckets.get(tenant.organizationId);
    if (bucket !== undefined) {
      if (bucket.tenant !== tenant) this.#learn(bucket, tenant);
      return bucket;
    }
    this.#closing.signal.throwIfAborted();
    const created = new Bucket(tenant, this.#serverOf(tenant));
    this.#buckets.set(tenant.organizationId, created);
    this.#evict();
    return created;
  }

  #serverOf({ server }: Tenant): Server {
    const key = serverKey(server);
    const known = this.#servers.get(key);
    if (known !== undefined) return known;
    const created: Server = new ServerSlots(key, this.#limits.maxConnectionsPerServer);
    this.#servers.set(key, created);
    return created;
  }

  /** Returns whether the tenant's database is somewhere else now. */
  #learn(bucket: Bucket, tenant: Tenant): boolean {
    const news = bucket.learn(tenant);
    if (news === 'nothing') return false;
    this.#retireIdle(bucket, CloseReason.Outdated);
    if (news === 'renewed') return false;
    bucket.server.dequeue(bucket);
    bucket.server = this.#serverOf(tenant);
    bucket.failure = undefined;
    return true;
  }

  #takeIdle(bucket: Bucket): Pooled | undefined {
    for (let pooled = bucket.idle.pop(); pooled !== undefined; pooled = bucket.idle.pop()) {
      pooled.server.idle.delete(pooled);
      if (pooled.connection.sendable) {
        this.#resting.delete(bucket);
        bucket.busy.add(pooled);
        pooled.statementLimitMs = this.#limits.queryTimeoutMs;
        return pooled;
      }
      this.#discard(pooled, CloseReason.Lost);
    }
    return undefined;
  }

  #wait(bucket: Bucket): Promise<Pooled> {
    const { maxWaiting, maxWaitingPerTenant, acquireTimeoutMs } = this.#limits;
    const now = performance.now();
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
    if (bucket.waiters.size >= maxWaitingPerTenant || this.#waiting >= maxWaiting) {
      this.#options.emit({ type: 'overloaded', organizationId: bucket.organizationId });
      this.#rest(bucket);
      throw new Overloaded(`too many requests wait for organization ${bucket.organizationId} or in all`, {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    if (bucket.recovering && this.#options.opener.gaveUp(bucket, now)) throw waitedInVain(bucket);
    return new Promise((resolve, reject) => {
      this.#waiting += 1;
      this.#resting.delete(bucket);
      this.#numbers += 1;
      bucket.waiters.add({ number: this.#numbers, since: now, resolve, reject }, acquireTimeoutMs, (waiter) => {
        this.#waiting -= 1;
        this.#afterwards(bucket);
        waiter.reject(waitedInVain(bucket));
      });
      this.#pump(bucket);
    });
  }

  /** To the longest waiting request of its tenant; to nobody, but kept; or closed for a tenant that needs the place more. */
  #offer(pooled: Pooled): void {
    const { bucket, server } = pooled;
    const now = performance.now();
    const yields = bucket.waiters.size > 0 ? now - pooled.openedAt >= TURN_MS && server.mustYield(bucket) : server.mustGiveUp(bucket);
    if (yields) {
      this.#discard(pooled, CloseReason.Yielded);
      return;
    }
    const waiter = bucket.waiters.shift();
    if (waiter === undefined) {
      pooled.idleSince = now;
      bucket.idle.push(pooled);
      server.idle.add(pooled);
      return;
    }
    this.#waiting -= 1;
    bucket.busy.add(pooled);
    pooled.statementLimitMs = this.#limits.queryTimeoutMs;
    this.#options.emit({ type: 'waited', organizationId: bucket.organizationId, durationMs: now - waiter.since });
    waiter.resolve(pooled);
  }

  /** Starts what a tenant's waiting requests need: reading credentials, attempts to connect, or a place in the queue. */
  #pump(bucket: Bucket, atMost = Infinity): void {
    if (this.#closing.signal.aborted) return;
    for (let started = 0; bucket.needsConnection(this.#limits.maxConnectionsPerTenant); started += 1) {
      const { access, server } = bucket;
      if (bucket.needsAccess || access === undefined) {
        void this.#read(bucket);
        return;
      }
      if (started >= atMost || !server.take()) {
        server.enqueue(bucket);
        this.#makeRoom(server);
        return;
      }
      void this.#open(bucket, access);
    }
    bucket.server.dequeue(bucket);
  }

  /** Closes idle connections, the least recently used first, for the tenants that wait; for those that have some, only rested ones. */
  #makeRoom(server: Server, now = performance.now()): void {
    for (const pooled of server.idle) {
      if (server.closing >= server.waiting) return;
      const isRested = now - pooled.idleSince >= TURN_MS;
      if (server.closing >= server.poor && !isRested && !server.mustGiveUp(pooled.bucket)) return;
      this.#discard(pooled, CloseReason.Yielded);
      this.#rest(pooled.bucket);
    }
  }

  /** Gives places that became free to those who wait, one each in turn. */
  #grant(server: Server): void {
    for (let bucket = server.next(); bucket !== undefined; bucket = server.next()) this.#pump(bucket, 1);
    if (server.unused && ![...this.#buckets.values()].some((bucket) => bucket.server === server)) this.#servers.delete(server.key);
  }

  async #read(bucket: Bucket): Promise<void> {
    bucket.reading = true;
    const { tenant } = bucket;
    try {
      const access = await this.#options.opener.readAccess(bucket);
      // Somebody may have brought news meanwhile: then it is read once more.
      if (bucket.tenant === tenant) this.#adopt(bucket, access);
    } catch (error) {
      const wrong = error instanceof WrongTenant;
      if (wrong) bucket.access = undefined;
      this.#failed(bucket, wrong ? OpenFailure.Wrong : OpenFailure.Away, asError(error));
    } finally {
      bucket.reading = false;
      this.#afterwards(bucket);
    }
  }

  #adopt(bucket: Bucket, access: Access): void {
    const changed = bucket.access !== access;
    bucket.access = access;
    bucket.refused = false;
    bucket.outdated = false;
    if (changed) this.#retireIdle(bucket, CloseReason.Outdated);
  }

  /** One attempt; the caller has taken a place on the bucket's server for it. */
  async #open(bucket: Bucket, access: Access): Promise<void> {
    const { server } = bucket;
    const { organizationId } = bucket;
    const startedAt = performance.now();
    bucket.opening += 1;
    try {
      const connection = await this.#options.open(access, this.#closing.signal);
      bucket.opening -= 1;
      bucket.failure = undefined;
      this.#options.emit({ type: 'opened', organizationId, server: server.key, durationMs: performance.now() - startedAt });
      this.#opened(new Pooled(bucket, server, connection));
    } catch (error) {
      bucket.opening -= 1;
      // A refusal of what has been replaced meanwhile is no news.
      if (bucket.access === access && !bucket.outdated) this.#failed(bucket, openFailure(error), asError(error));
      server.free();
      this.#grant(server);
    }
    this.#afterwards(bucket);
  }

  #opened(pooled: Pooled): void {
    pooled.connection.onLost(() => this.#lost(pooled));
    if (this.#closing.signal.aborted || !pooled.bucket.accepts(pooled)) this.#discard(pooled, this.#reasonOf(pooled));
    else this.#offer(pooled);
  }

  /** An idle connection leaves at once; one in use is found out when it is given back. */
  #lost(pooled: Pooled): void {
    if (!pooled.server.idle.has(pooled)) return;
    this.#discard(pooled, CloseReason.Lost);
    this.#rest(pooled.bucket);
  }

  #failed(bucket: Bucket, kind: OpenFailure, error: Error): void {
    if (this.#closing.signal.aborted) return;
    const now = performance.now();
    bucket.failure = nextFailure(bucket.failure, { kind, error }, { now, quietMs: 2 * this.#limits.acquireTimeoutMs });
    this.#options.emit({ type: 'failed', organizationId: bucket.organizationId, server: bucket.server.key, error });
    if (!bucket.recovering) void this.#recover(bucket);
  }

  /** What follows a failure; one at a time per tenant, and no attempt is started meanwhile. */
  async #recover(bucket: Bucket): Promise<void> {
    bucket.recovering = true;
    try {
      if (await this.#renewed(bucket)) return;
      if (bucket.failure?.kind === OpenFailure.Full) this.#dropOneIdle(bucket.server);
      const verdict = await this.#options.opener.judge(bucket, (tenant) => this.#learn(bucket, tenant));
      if (verdict.kind === 'reject') this.#rejectAll(bucket, verdict.error);
      if (verdict.kind !== 'now') await pause(pauseMs(bucket.failure?.count ?? 1));
    } finally {
      bucket.recovering = false;
      this.#afterwards(bucket);
    }
  }

  /** After a refused password: whether the source has another one by now. */
  async #renewed(bucket: Bucket): Promise<boolean> {
    if (bucket.failure?.kind !== OpenFailure.Credentials) return false;
    const before = bucket.access;
    bucket.refused = true;
    await this.#read(bucket);
    return bucket.access !== undefined && bucket.access !== before;
  }

  /** The server is full although we have places left: others use it too. */
  #dropOneIdle(server: Server): void {
    for (const pooled of server.idle) {
      this.#discard(pooled, CloseReason.Yielded);
      this.#rest(pooled.bucket);
      return;
    }
  }

  #reasonOf({ bucket, connection }: Pooled): CloseReason {
    if (connection.expired !== undefined) return CloseReason.Timeout;
    if (connection.lost !== undefined) return CloseReason.Lost;
    if (this.#closing.signal.aborted) return CloseReason.Closing;
    return connection.access === bucket.access && !bucket.outdated ? CloseReason.Unclean : CloseReason.Outdated;
  }

  #retireIdle(bucket: Bucket, reason: CloseReason): void {
    for (let pooled = bucket.idle.at(-1); pooled !== undefined; pooled = bucket.idle.at(-1)) this.#discard(pooled, reason);
  }

  /** Closes a connection that nobody uses; its place is free when the server has let it go. */
  #discard(pooled: Pooled, reason: CloseReason): void {
    const { bucket, server } = pooled;
    const index = bucket.idle.indexOf(pooled);
    if (index !== -1) bucket.idle.splice(index, 1);
    server.idle.delete(pooled);
    server.closing += 1;
    const closing = this.#closed(pooled, reason).finally(() => this.#closings.delete(closing));
    this.#closings.add(closing);
  }

  async #closed({ bucket, server, connection }: Pooled, reason: CloseReason): Promise<void> {
    await connection.close();
    server.closing -= 1;
    server.free();
    this.#options.emit({ type: 'closed', organizationId: bucket.organizationId, server: server.key, reason });
    this.#grant(server);
  }

  #rejectAll(bucket: Bucket, error: Error): void {
    const waiting: readonly Waiter<Pooled>[] = bucket.waiters.drain();
    this.#waiting -= waiting.length;
    for (const waiter of waiting) waiter.reject(error);
  }

  #afterwards(bucket: Bucket): void {
    this.#pump(bucket);
    this.#rest(bucket);
  }

  /** Puts a bucket without work among those that may be evicted; one without anything is forgotten. */
  #rest(bucket: Bucket): void {
    if (!bucket.atRest) return;
    if (bucket.size === 0 && bucket.failure === undefined) {
      this.#resting.delete(bucket);
      this.#buckets.delete(bucket.organizationId);
      return;
    }
    this.#resting.add(bucket);
    this.#evict();
  }

  #evict(): void {
    for (const bucket of this.#resting) {
      if (this.#buckets.size <= this.#limits.maxPools) return;
      this.#resting.delete(bucket);
      this.#buckets.delete(bucket.organizationId);
      this.#retireIdle(bucket, CloseReason.Evicted);
    }
  }
}

const pause = async (durationMs: number): Promise<void> => await new Promise((resolve) => setTimeout(resolve, durationMs).unref());
