/*
 * Everything between this process and the master database: connections for queries, the one that listens, and the
 * circuit that knows whether there is an answer. Separate from the directory's rule of what is answered when.
 */
import { DirectoryUnavailable } from '../errors.ts';
import type { Announcer } from './announcer.ts';
import { type Change, parseChange } from './change.ts';
import { Circuit } from './circuit.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { Listener } from './listener.ts';
import type { MasterAddress } from './master-address.ts';
import { openMasterSession, type SessionOptions } from './master-session.ts';
import type { Question } from './question.ts';
import { FIND_ROUTES, type RouteRow } from './route-query.ts';

export interface LinkOptions {
  readonly address: MasterAddress;
  readonly session: SessionOptions;
  readonly announcer: Announcer;
  /** Undefined: any tenant may have changed, for instance because listening was interrupted. */
  readonly onChange: (change: Change | undefined, isListening: boolean) => void;
}

/** How long changes may go unheard without anybody knowing: as long as both together. */
const CHECK_EVERY_MS = 1_000;
const CHECK_TIMEOUT_MS = 1_000;
const RETRY_EVERY_MS = 1_000;
/** What the probe of the circuit asks for. */
const NOTHING: Question = { labels: [], domains: [], ids: [] };

export class MasterLink {
  readonly #options: LinkOptions;
  readonly #lanes: Lanes;
  readonly #circuit: Circuit;
  readonly #listener: Listener;
  readonly #first = Promise.withResolvers<void>();
  readonly #count = { queries: 0, changes: 0 };
  /** Undefined: not tried yet. */
  #isListening: boolean | undefined;
  #isClosed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { address, session } = options;
    this.#lanes = createLanes(() => openMasterSession(address, session));
    this.#circuit = new Circuit({
      probe: async () => void (await this.ask(NOTHING)),
      retryEveryMs: RETRY_EVERY_MS,
      onOpen: (error) => options.announcer.hook('onMasterLost', error),
      onClose: () => options.announcer.hook('onMasterBack'),
    });
    this.#listener = new Listener({
      open: () => openMasterSession(address, { ...session, applicationName: `${session.applicationName} listener` }),
      checkEveryMs: CHECK_EVERY_MS,
      checkTimeoutMs: Math.min(CHECK_TIMEOUT_MS, session.timeoutMs),
      onPayload: (payload) => this.#changed(parseChange(payload)),
      onListening: () => this.#hear(),
      onDeaf: (error) => this.#goDeaf(error),
    });
    this.#first.promise.catch(() => undefined); // for whoever asks `ready`
    this.#listener.start();
  }

  /** When changes were heard of for the first time. Rejects when closed before. */
  get ready(): Promise<void> {
    return this.#first.promise;
  }

  stats(): { readonly queries: number; readonly changes: number; readonly isListening: boolean; readonly isMasterAnswering: boolean } {
    return { ...this.#count, isListening: this.#isListening === true, isMasterAnswering: !this.#circuit.isOpen };
  }

  /** Why asking is no use now; undefined: it is. */
  refusal(): DirectoryUnavailable | undefined {
    if (this.#isClosed) return new DirectoryUnavailable('the directory is closed');
    return this.#circuit.isOpen ? this.#circuit.unavailable() : undefined;
  }

  /** After a failed `ask`; returns what to tell those who wait. */
  fail(error: unknown): DirectoryUnavailable {
    this.#circuit.open(error);
    return this.#circuit.unavailable();
  }

  async ask({ labels, domains, ids }: Question): Promise<readonly RouteRow[]> {
    const names = labels.length + domains.length + ids.length;
    const startedAt = performance.now();
    const done = (error?: unknown): void =>
      this.#options.announcer.hook('onQuery', { names, durationMs: performance.now() - startedAt, error });
    this.#count.queries += 1;
    try {
      const rows = await this.#lanes.query<RouteRow>(FIND_ROUTES, [labels, domains, ids]);
      done();
      return rows;
    } catch (error) {
      done(error);
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#isListening = false;
    this.#first.reject(new DirectoryUnavailable('the directory is closed'));
    this.#listener.stop();
    this.#circuit.stop();
    this.#lanes.end();
  }

  #changed(change: Change | undefined): void {
    this.#count.changes += 1;
    this.#options.onChange(change, true);
  }

  /** What has changed before nobody has told us. */
  #hear(): void {
    this.#isListening = true;
    this.#options.onChange(undefined, true);
    this.#first.resolve();
    this.#options.announcer.hook('onListening');
  }

  /** Told once, however many attempts fail after it. */
  #goDeaf(error: unknown): void {
    if (this.#isListening === false) return;
    this.#isListening = false;
    this.#options.onChange(undefined, false);
    this.#options.announcer.hook('onListeningLost', error);
  }
}
