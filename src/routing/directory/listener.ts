/*
 * Hears of changes: one connection that listens, is asked every few seconds whether it still does, and is replaced when
 * it does not. Separate because it must never be silently deaf: whoever relies on it is told the moment that is possible.
 */
import { CHANNEL } from './change.ts';
import type { MasterSession } from './master-session.ts';

export interface ListenerOptions {
  /** A connection of its own; rejects when there is none in time. */
  readonly open: () => Promise<MasterSession>;
  readonly checkEveryMs: number;
  /** For each answer to such a check: with the time between checks, the longest that it can be deaf unnoticed. */
  readonly checkTimeoutMs: number;
  readonly onPayload: (payload: string) => void;
  /** Changes are heard of from now on; there may have been some before. */
  readonly onListening: () => void;
  /** Changes are not heard of from now on. Also when the first attempt fails. */
  readonly onDeaf: (error: unknown) => void;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** Which process of the server listens. Behind a pooler it is not the one that we were told of, and what it hears is lost. */
const WHO_LISTENS = 'SELECT pg_catalog.pg_backend_pid() AS pid FROM pg_catalog.pg_listening_channels() AS c (name) WHERE c.name = $1';

export class Listener {
  readonly #options: ListenerOptions;
  #session: MasterSession | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #isOver = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#listen();
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#session?.end();
    this.#session = undefined;
  }

  async #listen(): Promise<void> {
    try {
      const session = await this.#options.open();
      if (this.#isOver) {
        session.end();
        return;
      }
      this.#session = session;
      void session.lost.then((error) => this.#lose(session, error));
      session.onNotification((payload) => {
        if (this.#session === session) this.#options.onPayload(payload);
      });
      await session.query(`LISTEN ${CHANNEL}`);
      await refuseDeaf(session);
      this.#heard(session);
    } catch (error) {
      this.#lose(this.#session, error);
    }
  }

  #heard(session: MasterSession): void {
    if (this.#session !== session) return;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#options.onListening();
    this.#checkLater(session);
  }

  #checkLater(session: MasterSession): void {
    this.#timer = setTimeout(() => void this.#check(session), this.#options.checkEveryMs);
  }

  async #check(session: MasterSession): Promise<void> {
    try {
      await refuseDeaf(session, this.#options.checkTimeoutMs);
      if (this.#session === session) this.#checkLater(session);
    } catch (error) {
      this.#lose(session, error);
    }
  }

  /** Once for each session. `session` is undefined when there was none. */
  #lose(session: MasterSession | undefined, error: unknown): void {
    if (this.#isOver || this.#session !== session) return;
    this.#session = undefined;
    session?.end();
    clearTimeout(this.#timer);
    this.#options.onDeaf(error);
    // Spread, so that many processes do not come back in one moment.
    this.#timer = setTimeout(() => void this.#listen(), this.#pauseMs * (0.5 + Math.random() / 2));
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

async function refuseDeaf(session: MasterSession, timeoutMs?: number): Promise<void> {
  const [listening] = await session.query<{ readonly pid: number }>(WHO_LISTENS, [CHANNEL], timeoutMs);
  if (listening === undefined) throw new Error('the connection to the master database does not listen any more');
  if (listening.pid !== session.serverProcess)
    throw new Error('listening to the master database needs a connection without a pooler in between');
}
