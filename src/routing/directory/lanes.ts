/*
 * A few connections to the master database, opened when they are needed and kept. Separate because a connection that
 * broke while nobody used it is nobody's failure: the statement is sent once more on a new one.
 */
import { type MasterSession, NoAnswer } from './master-session.ts';

export interface Lanes {
  /** Sends one statement that only reads. Rejects when there is no answer. As many at once as there are lanes. */
  query<R extends object>(text: string, values: readonly unknown[]): Promise<readonly R[]>;
  /** Also of what is being answered, which rejects. Nothing is opened any more. */
  end(): void;
}

type LaneSession = Pick<MasterSession, 'query' | 'isOver' | 'end'>;

/** The caller keeps to the number of lanes: whoever asks without one being free gets a connection of its own. */
export function createLanes(open: () => Promise<LaneSession>): Lanes {
  return new SessionLanes(open);
}

class SessionLanes implements Lanes {
  readonly #open: () => Promise<LaneSession>;
  readonly #all = new Set<LaneSession>();
  readonly #idle: LaneSession[] = [];
  #isOver = false;

  constructor(open: () => Promise<LaneSession>) {
    this.#open = open;
  }

  async query<R extends object>(text: string, values: readonly unknown[]): Promise<readonly R[]> {
    const session = this.#used();
    if (session === undefined) return await this.#ask<R>(await this.#opened(), text, values);
    try {
      return await this.#ask<R>(session, text, values);
    } catch (error) {
      if (this.#isOver || error instanceof NoAnswer) throw error;
      return await this.#ask<R>(await this.#opened(), text, values);
    }
  }

  end(): void {
    this.#isOver = true;
    this.#idle.length = 0;
    for (const session of this.#all) this.#drop(session);
  }

  async #ask<R extends object>(session: LaneSession, text: string, values: readonly unknown[]): Promise<readonly R[]> {
    try {
      const rows = await session.query<R>(text, values);
      if (this.#isOver || session.isOver) this.#drop(session);
      else this.#idle.push(session);
      return rows;
    } catch (error) {
      this.#drop(session);
      throw error;
    }
  }

  #used(): LaneSession | undefined {
    const session = this.#idle.pop();
    if (session?.isOver !== true) return session;
    this.#drop(session);
    return this.#used();
  }

  async #opened(): Promise<LaneSession> {
    if (this.#isOver) throw closed();
    const session = await this.#open();
    this.#all.add(session);
    if (!this.#isOver) return session;
    this.#drop(session);
    throw closed();
  }

  #drop(session: LaneSession): void {
    this.#all.delete(session);
    session.end();
  }
}

const closed = (): Error => new Error('the connections to the master database have been closed');
