/*
 * A few connections to the master database, opened when they are needed and kept. Separate because a connection that
 * broke while nobody used it is nobody's failure: the statement is sent once more on a new one.
 */
import { type MasterSession, NoAnswer } from './master-session.ts';

export interface Lanes {
  /** Sends one statement that only reads. Rejects when there is no answer. As many at once as there are lanes. */
  query<R extends object>(text: string, values: readonly unknown[]): Promise<readonly R[]>;
  end(): void;
}

type LaneSession = Pick<MasterSession, 'query' | 'isOver' | 'end'>;

/** The caller keeps to the number of lanes: whoever asks without one being free gets a connection of its own. */
export function createLanes(open: () => Promise<LaneSession>): Lanes {
  const idle: LaneSession[] = [];
  let isOver = false;
  const release = (session: LaneSession): void => {
    if (isOver) session.end();
    else if (!session.isOver) idle.push(session);
  };
  const on = async <R extends object>(session: LaneSession, text: string, values: readonly unknown[]): Promise<readonly R[]> => {
    try {
      const rows = await session.query<R>(text, values);
      release(session);
      return rows;
    } catch (error) {
      session.end();
      throw error;
    }
  };
  const used = (): LaneSession | undefined => {
    const session = idle.pop();
    return session?.isOver === true ? used() : session;
  };
  return {
    async query<R extends object>(text: string, values: readonly unknown[]) {
      const session = used();
      if (session === undefined) return await on<R>(await open(), text, values);
      try {
        return await on<R>(session, text, values);
      } catch (error) {
        if (isOver || error instanceof NoAnswer) throw error;
        return await on<R>(await open(), text, values);
      }
    },
    end() {
      isOver = true;
      for (const session of idle.splice(0)) session.end();
    },
  };
}
