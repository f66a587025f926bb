// How questions are put together and answers handed out, with a master database whose answers the test gives itself: every order of
// events can be had.

import { beforeEach, describe, expect, test } from 'vitest';
import type { Resolution } from '../../../../src/routing/directory/directory.ts';
import { Lookups } from '../../../../src/routing/directory/lookups.ts';
import type { Name, Question } from '../../../../src/routing/directory/question.ts';
import type { RouteRow } from '../../../../src/routing/directory/route-query.ts';
import { DirectoryUnavailable } from '../../../../src/routing/errors.ts';
import { aRow, aTenant } from './a-row.ts';

interface Asked {
  readonly question: Question;
  answer(rows: readonly RouteRow[]): Promise<void>;
  fail(error: Error): Promise<void>;
}

let asked: Asked[];
let remembered: [Name, string][];
let spent: number;
let waitMs: number;
let lookups: Lookups;

/** Everything that is ready to happen has happened. */
const settled = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

beforeEach(() => {
  [asked, remembered, spent, waitMs] = [[], [], 0, 0];
  lookups = new Lookups({
    ask: (question) => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly RouteRow[]>();
      asked.push({
        question,
        answer: async (rows) => {
          resolve(rows);
          await settled();
        },
        fail: async (error) => {
          reject(error);
          await settled();
        },
      });
      return promise;
    },
    read: ({ organization_id, status }) => aTenant({ organizationId: organization_id, state: status }),
    onFound: (name, tenant): Resolution => {
      remembered.push([name, tenant?.state ?? 'unknown']);
      return tenant === undefined ? { kind: 'unknown' } : { kind: 'tenant', tenant };
    },
    onFailed: (cause) => new DirectoryUnavailable('no answer', { cause }),
    pace: { waitMs: () => waitMs, spend: () => (spent += 1) },
    maxWaiting: 600,
  });
});

const find = (key: string): Promise<Resolution> => lookups.host(key, { isUrgent: false });
const stateOf = async (answer: Promise<Resolution>): Promise<string> => {
  const resolution = await answer;
  return resolution.kind === 'tenant' ? resolution.tenant.state : resolution.kind;
};

describe('questions', () => {
  test('of one moment are one query, each asked once', async () => {
    const answers = [find('a'), find('b.example'), find('a'), lookups.organization(7)];
    await settled();
    expect(asked.map(({ question }) => question)).toEqual([{ labels: ['a'], domains: ['b.example'], ids: [7] }]);
    await asked[0]!.answer([aRow('a', 1), aRow('b.example', 2, 'suspended'), aRow(null, 7, 'retained')]);
    expect(await Promise.all(answers.map(stateOf))).toEqual(['active', 'suspended', 'active', 'retained']);
    expect(remembered).toHaveLength(3);
  });

  test('join one that is on its way', async () => {
    const first = find('a');
    await settled();
    const second = find('a');
    await settled();
    await asked[0]!.answer([aRow('a', 1)]);
    expect(await second).toBe(await first);
    expect(asked).toHaveLength(1);
  });

  test('wait while two queries are running, and known hosts go first', async () => {
    void find('a');
    await settled();
    void find('b');
    await settled();
    const strangers = Array.from({ length: 600 }, (_, index) => find(`stranger-${index}`));
    void lookups.host('known', { isUrgent: true });
    await settled();
    expect(asked).toHaveLength(2);
    await asked[0]!.answer([]);
    expect(asked).toHaveLength(3);
    expect(asked[2]!.question.labels).toHaveLength(500);
    expect(asked[2]!.question.labels[0]).toBe('known');
    await asked[1]!.answer([]);
    expect(asked[3]!.question.labels).toHaveLength(101);
    await asked[2]!.answer([]);
    await asked[3]!.answer([]);
    expect(await Promise.all(strangers.map(stateOf))).toEqual(Array.from({ length: 600 }, () => 'unknown'));
    expect(lookups.waiting).toBe(0);
  });

  test('of strangers are refused past the limit, of known hosts never', async () => {
    const strangers = Array.from({ length: 600 }, (_, index) => find(`stranger-${index}`));
    await expect(find('one-more')).rejects.toMatchObject({ code: 'overloaded' });
    const known = lookups.host('known', { isUrgent: true });
    const byNumber = lookups.organization(1);
    await settled();
    await asked[0]!.answer([aRow('known', 1), aRow(null, 1)]);
    expect(await stateOf(known)).toBe('active');
    expect(await stateOf(byNumber)).toBe('active');
    await asked[1]!.answer([]);
    expect(await stateOf(strangers[599]!)).toBe('unknown');
  });

  test('of strangers wait for the pace, and ride along with those of known hosts', async () => {
    waitMs = 60_000;
    const stranger = find('stranger');
    await settled();
    expect(asked).toHaveLength(0);
    void lookups.host('known', { isUrgent: true });
    await settled();
    expect(asked[0]!.question.labels).toEqual(['known', 'stranger']);
    await asked[0]!.answer([aRow('known', 1)]);
    expect(await stateOf(stranger)).toBe('unknown');
    expect(spent).toBe(1);
    lookups.close();
  });

  test('cost of the pace only where somebody is nobody', async () => {
    void find('a');
    void lookups.organization(99);
    await settled();
    await asked[0]!.answer([aRow('a', 1)]);
    expect(spent).toBe(0);
  });
});

describe('an answer that was read before a change', () => {
  test.each([
    ['of its organization', { organizationId: 1, hosts: [] }],
    ['of its host', { organizationId: 2, hosts: ['a'] }],
    ['of anything', undefined],
  ])('%s is read again before anybody gets it', async (_what, change) => {
    const answer = find('a');
    await settled();
    lookups.changed(change);
    await asked[0]!.answer([aRow('a', 1)]);
    expect(remembered).toEqual([]);
    await asked[1]!.answer([aRow('a', 1, 'suspended')]);
    expect(await stateOf(answer)).toBe('suspended');
    expect(remembered).toEqual([['a', 'suspended']]);
  });

  test('is good when the change was another’s', async () => {
    const answer = find('a');
    await settled();
    lookups.changed({ organizationId: 2, hosts: ['b'] });
    await asked[0]!.answer([aRow('a', 1)]);
    expect(await stateOf(answer)).toBe('active');
    expect(asked).toHaveLength(1);
  });

  test('is good when it was asked for after the change', async () => {
    const answer = find('a');
    lookups.changed({ organizationId: 1, hosts: ['a'] });
    await settled();
    await asked[0]!.answer([aRow('a', 1)]);
    expect(await stateOf(answer)).toBe('active');
  });

  test('that says "nobody" is read again when the host appeared', async () => {
    const answer = find('a');
    await settled();
    lookups.changed({ organizationId: 1, hosts: ['a'] });
    await asked[0]!.answer([]);
    await asked[1]!.answer([aRow('a', 1)]);
    expect(await stateOf(answer)).toBe('active');
  });

  test('is not good for who asked by number after it was sent, and good for who asked before', async () => {
    const early = lookups.organization(1);
    await settled();
    const late = [lookups.organization(1), lookups.organization(1)];
    await asked[0]!.answer([aRow(null, 1)]);
    expect(await stateOf(early)).toBe('active');
    await asked[1]!.answer([aRow(null, 1, 'suspended')]);
    expect(await Promise.all(late.map(stateOf))).toEqual(['suspended', 'suspended']);
    expect(asked).toHaveLength(2);
  });

  test('by number that fails, fails for who came late as well', async () => {
    const early = lookups.organization(1);
    await settled();
    const outcomes = Promise.allSettled([early, lookups.organization(1)]);
    await asked[0]!.fail(new Error('ECONNREFUSED'));
    expect(await outcomes).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    expect(asked).toHaveLength(1);
  });

  test('is given up when every reading is overtaken', async () => {
    const answer = find('a');
    answer.catch(() => undefined); // looked at below
    await settled();
    for (let reading = 0; reading < asked.length; reading += 1) {
      lookups.changed(undefined);
      await asked[reading]!.answer([aRow('a', 1)]);
    }
    expect(asked).toHaveLength(10);
    await expect(answer).rejects.toMatchObject({ code: 'directory_unavailable' });
    expect(lookups.waiting).toBe(0);
  });
});

describe('a failure', () => {
  test('is told to all who wait, also to those who were not asked for yet', async () => {
    const first = [find('a'), find('b')];
    await settled();
    const second = find('c');
    await settled();
    const queued = find('d');
    const cause = new Error('ECONNREFUSED');
    const outcomes = Promise.allSettled([...first, queued]);
    await asked[0]!.fail(cause);
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'directory_unavailable', cause } });
    await asked[1]!.answer([aRow('c', 3)]);
    expect(await stateOf(second)).toBe('active');
    expect(lookups.waiting).toBe(0);
  });

  test('does not keep the next question from being asked', async () => {
    const failed = find('a');
    failed.catch(() => undefined); // looked at below
    await settled();
    await asked[0]!.fail(new Error('ECONNREFUSED'));
    await expect(failed).rejects.toThrow();
    const next = find('a');
    await settled();
    await asked[1]!.answer([aRow('a', 1)]);
    expect(await stateOf(next)).toBe('active');
  });
});

test('closing tells who waits, and an answer that comes after it changes nothing', async () => {
  const answer = find('a');
  const outcome = Promise.allSettled([answer]);
  await settled();
  lookups.close();
  await asked[0]!.answer([aRow('a', 1)]);
  expect(await outcome).toMatchObject([{ status: 'rejected', reason: { code: 'directory_unavailable' } }]);
  expect(remembered).toEqual([]);
});

test('when it is closed, what waits to be asked is not asked any more', async () => {
  const answers = [find('a')];
  await settled();
  answers.push(find('b'));
  await settled();
  // Both lanes are taken.
  answers.push(find('c'), lookups.organization(7));
  await settled();
  expect(asked).toHaveLength(2);
  const outcomes = Promise.allSettled(answers);
  lookups.close();
  await asked[0]!.answer([aRow('a', 1)]);
  await expect(find('d')).rejects.toMatchObject({ code: 'directory_unavailable' });
  await settled();
  expect(asked).toHaveLength(2);
  expect((await outcomes).map(({ status }) => status)).toEqual(answers.map(() => 'rejected'));
});
