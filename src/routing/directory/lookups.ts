/*
 * Questions to the master database, put together: who asks for the same shares one answer, who asks for different things
 * shares a query, and at most two queries run at once. Separate because of its one hard promise: an answer that was read
 * before a change, and arrives after the change was heard of, is read again.
 */
import { DirectoryUnavailable, Overloaded } from '../errors.ts';
import type { Tenant } from '../tenant.ts';
import type { Change } from './change.ts';
import type { Resolution } from './directory.ts';
import type { Pace } from './pace.ts';
import { type Name, type Question, questionOf } from './question.ts';
import type { RouteRow } from './route-query.ts';

export interface LookupOptions {
  /** Sends the query. */
  readonly ask: (question: Question) => Promise<readonly RouteRow[]>;
  /** `asOf`: when the query was sent. */
  readonly read: (row: RouteRow, asOf: number) => Tenant;
  /** Makes the answer for who waits, in the same moment in which it is known to be valid. `verifiedAt`: when the query was sent. */
  readonly onFound: (name: Name, tenant: Tenant | undefined, verifiedAt: number) => Resolution;
  /** A query failed; what the waiting are told. */
  readonly onFailed: (error: unknown) => Error;
  readonly pace: Pace;
  /** Of hosts that nothing is known of. */
  readonly maxWaiting: number;
}

const MAX_QUERIES = 2;
const MAX_NAMES_PER_QUERY = 500;
/** A tenant that changes with every reading of it; each reading is a round trip. */
const MAX_READINGS = 10;

interface Waiting {
  readonly name: Name;
  readonly answer: PromiseWithResolvers<Resolution>;
  readonly isUrgent: boolean;
  isRunning: boolean;
  readings: number;
  /** The answer after this one, where somebody waits for it. */
  next?: Promise<Resolution>;
  /** What is being read may be the state before a change. */
  isOutdated: boolean;
}

interface Running {
  readonly waiting: readonly Waiting[];
  readonly changed: Set<number>;
}

export class Lookups {
  readonly #options: LookupOptions;
  readonly #waiting = new Map<Name, Waiting>();
  /** Of hosts that are known already: their number is bounded by what is known, and they go first. */
  readonly #urgent: Waiting[] = [];
  readonly #ordinary: Waiting[] = [];
  readonly #running = new Set<Running>();
  #soon: NodeJS.Immediate | undefined;
  #later: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: LookupOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Rejects with Overloaded, with what `onFailed` makes of a failure, and with DirectoryUnavailable when closed. */
  host(key: string, { isUrgent }: { readonly isUrgent: boolean }): Promise<Resolution> {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) return waiting.answer.promise;
    if (!isUrgent && this.#ordinary.length >= this.#options.maxWaiting) {
      return Promise.reject(new Overloaded('too many unknown hosts wait for the master database', { retryAfterSeconds: 1 }));
    }
    return this.#wait(key, isUrgent);
  }

  /** As it is from now on: an answer that is on its way already does not count, so whoever comes late shares the next one. */
  organization(id: number): Promise<Resolution> {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return this.#wait(id, true);
    if (!waiting.isRunning) return waiting.answer.promise;
    waiting.next ??= waiting.answer.promise.then(() => this.organization(id));
    return waiting.next;
  }

  /** Something has changed; undefined: anything may have. What is being read of it is read again. */
  changed(change: Change | undefined): void {
    if (change === undefined) {
      for (const waiting of this.#waiting.values()) waiting.isOutdated = true;
      return;
    }
    for (const { changed } of this.#running) changed.add(change.organizationId);
    for (const name of [...change.hosts, change.organizationId]) {
      const waiting = this.#waiting.get(name);
      if (waiting !== undefined) waiting.isOutdated = true;
    }
  }

  close(): void {
    this.#isClosed = true;
    clearImmediate(this.#soon);
    clearTimeout(this.#later);
    this.#urgent.length = 0;
    this.#ordinary.length = 0;
    this.#reject([...this.#waiting.values()], closed());
  }

  #wait(name: Name, isUrgent: boolean): Promise<Resolution> {
    if (this.#isClosed) return Promise.reject(closed());
    const waiting = { name, answer: Promise.withResolvers<Resolution>(), isUrgent, isRunning: false, readings: 0, isOutdated: false };
    this.#waiting.set(name, waiting);
    this.#queue(waiting);
    return waiting.answer.promise;
  }

  #queue(waiting: Waiting): void {
    (waiting.isUrgent ? this.#urgent : this.#ordinary).push(waiting);
    this.#schedule();
  }

  /** Not at once: requests that arrive together are asked for together. */
  #schedule(): void {
    if (this.#running.size >= MAX_QUERIES || this.#urgent.length + this.#ordinary.length === 0) return;
    const waitMs = this.#urgent.length > 0 ? 0 : this.#options.pace.waitMs();
    if (waitMs > 0) {
      this.#later ??= setTimeout(() => {
        this.#later = undefined;
        this.#schedule();
      }, waitMs);
      return;
    }
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined;
      const batch = this.#urgent.splice(0, MAX_NAMES_PER_QUERY);
      batch.push(...this.#ordinary.splice(0, MAX_NAMES_PER_QUERY - batch.length));
      void this.#run(batch);
      this.#schedule();
    });
  }

  async #run(batch: readonly Waiting[]): Promise<void> {
    const running: Running = { waiting: batch, changed: new Set() };
    this.#running.add(running);
    for (const waiting of batch) {
      waiting.isRunning = true;
      waiting.readings += 1;
      waiting.isOutdated = false;
    }
    const verifiedAt = performance.now();
    try {
      const rows = await this.#options.ask(questionOf(batch.map(({ name }) => name)));
      this.#running.delete(running);
      this.#settle(running, rows, verifiedAt);
      this.#schedule();
    } catch (error) {
      this.#running.delete(running);
      this.#fail(batch, error);
    }
  }

  #settle({ waiting: batch, changed }: Running, rows: readonly RouteRow[], verifiedAt: number): void {
    const found = new Map<Name, RouteRow>(rows.map((row) => [row.key ?? row.organization_id, row]));
    if (batch.some(({ name }) => typeof name === 'string' && !found.has(name))) this.#options.pace.spend();
    for (const waiting of batch) {
      const row = found.get(waiting.name);
      if (waiting.isOutdated || (row !== undefined && changed.has(row.organization_id))) this.#readAgain(waiting);
      else this.#answer(waiting, row && this.#options.read(row, verifiedAt), verifiedAt);
    }
  }

  #answer({ name, answer }: Waiting, tenant: Tenant | undefined, verifiedAt: number): void {
    // Else it was closed meanwhile.
    if (this.#waiting.delete(name)) answer.resolve(this.#options.onFound(name, tenant, verifiedAt));
  }

  #readAgain(waiting: Waiting): void {
    if (!this.#waiting.has(waiting.name)) return;
    waiting.isRunning = false;
    if (waiting.readings < MAX_READINGS) this.#queue(waiting);
    else this.#reject([waiting], new DirectoryUnavailable('the tenant changes faster than it can be read', { retryAfterSeconds: 1 }));
  }

  /** Nobody waits for another failure of the same kind. */
  #fail(batch: readonly Waiting[], error: unknown): void {
    const failure = this.#options.onFailed(error);
    this.#reject([...batch, ...this.#urgent.splice(0), ...this.#ordinary.splice(0)], failure);
  }

  #reject(all: readonly Waiting[], error: Error): void {
    for (const { name, answer } of all) if (this.#waiting.delete(name)) answer.reject(error);
  }
}

const closed = (): DirectoryUnavailable => new DirectoryUnavailable('the directory is closed');
