// When a statement is sent once more, and when not: a connection may break while nobody looks at it.

import { describe, expect, test } from 'vitest';
import { createLanes } from '../../../../src/routing/directory/lanes.ts';
import { NoAnswer } from '../../../../src/routing/directory/master-session.ts';

/** Sessions whose queries end as listed; what was opened and ended is counted. */
function sessions(...outcomes: (readonly (object | Error)[])[]) {
  const count = { opened: 0, ended: 0 };
  const open = async () => {
    const left = [...(outcomes[count.opened] ?? [])];
    count.opened += 1;
    return await Promise.resolve({
      isOver: false,
      query: async <R extends object>(): Promise<readonly R[]> => {
        const outcome = left.shift() ?? new Error('more queries than expected');
        if (outcome instanceof Error) throw outcome;
        return await Promise.resolve([outcome as R]);
      },
      end: () => {
        count.ended += 1;
      },
    });
  };
  return { count, lanes: createLanes(open) };
}

const ROW = { id: 1 };
const broken = new Error('Connection terminated unexpectedly');

describe('a statement', () => {
  test('uses the connection that is there', async () => {
    const { lanes, count } = sessions([ROW, ROW]);
    for (const _time of ['first', 'second']) expect(await lanes.query('', [])).toEqual([ROW]);
    expect(count).toEqual({ opened: 1, ended: 0 });
  });

  test('is sent again on a new connection when the one that was there had broken', async () => {
    const { lanes, count } = sessions([ROW, broken], [ROW]);
    await lanes.query('', []);
    expect(await lanes.query('', [])).toEqual([ROW]);
    expect(count).toEqual({ opened: 2, ended: 1 });
  });

  test('is not sent again when a new connection broke', async () => {
    const { lanes, count } = sessions([broken], [ROW]);
    await expect(lanes.query('', [])).rejects.toBe(broken);
    expect(count).toEqual({ opened: 1, ended: 1 });
  });

  test('is not sent again when there was no answer in time', async () => {
    const late = new NoAnswer('late');
    const { lanes, count } = sessions([ROW, late], [ROW]);
    await lanes.query('', []);
    await expect(lanes.query('', [])).rejects.toBe(late);
    expect(count).toEqual({ opened: 1, ended: 1 });
  });
});

describe('when the lanes end', () => {
  test('so does a connection that is busy', async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    let ended = 0;
    const session = {
      isOver: false,
      query: async () => await promise,
      end: () => {
        ended += 1;
        reject(broken);
      },
    };
    const lanes = createLanes(() => Promise.resolve(session));
    const answer = lanes.query('', []);
    await new Promise(setImmediate);
    lanes.end();
    await expect(answer).rejects.toBe(broken);
    expect(ended).toBeGreaterThan(0);
  });

  test('so does one that is only then there, and nothing is sent over it', async () => {
    const { lanes, count } = sessions([ROW]);
    const answer = lanes.query('', []);
    lanes.end();
    await expect(answer).rejects.toThrow('have been closed');
    expect(count).toEqual({ opened: 1, ended: 1 });
  });

  test('no other is opened', async () => {
    const { lanes, count } = sessions([ROW], [ROW]);
    await lanes.query('', []);
    lanes.end();
    await expect(lanes.query('', [])).rejects.toThrow('have been closed');
    expect(count).toEqual({ opened: 1, ended: 1 });
  });
});
