// Functions of the application: whatever they do, nothing but a report comes of it.

import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { refusalAnswers } from '../../../src/routing/answers/answers.ts';
import { callHook } from '../../../src/routing/hooks.ts';
import { Announcer } from '../../../src/routing/directory/announcer.ts';
import { guarded } from '../../../src/routing/guarded.ts';
import { eventCounts } from '../../../src/routing/pools/event-counts.ts';

// As TypeScript sees it when an async function is given for one that returns nothing.
const failLater = (async (): Promise<never> => await Promise.reject(new Error('later'))) as () => void;

describe('a function of the application', () => {
  test('returns what it returns', () => {
    expect(
      guarded(
        () => 42,
        () => expect.unreachable(),
      ),
    ).toBe(42);
  });

  test('that throws, or rejects later, is reported', async () => {
    const reported: unknown[] = [];
    const fail = (): never => {
      throw new Error('now');
    };
    expect(guarded(fail, (error) => reported.push(error))).toBeUndefined();
    await new Promise((resolve) => {
      guarded(failLater, (error) => resolve(reported.push(error)));
    });
    expect(reported).toEqual([new Error('now'), new Error('later')]);
  });
});

describe('an async function given as', () => {
  test('a hook is told to onError when it rejects', async () => {
    const told = await new Promise((resolve) => callHook({ onAnswer: failLater, onError: resolve }, failLater, {}));
    expect(told).toEqual({ error: new Error('later'), organizationId: undefined, from: 'hook' });
  });

  test.each([
    ['a hook of the directory', () => new Announcer({ onListening: failLater }).hook('onListening')],
    [
      'a listener of changes',
      () => {
        const announcer = new Announcer({});
        announcer.onChange(failLater);
        announcer.change(1);
      },
    ],
    ['onEvent', () => eventCounts(failLater).emit({ type: 'overloaded', organizationId: 1 })],
  ])('%s becomes a warning when it rejects', async (_name, call) => {
    const warning = once(process, 'warning');
    call();
    expect((await warning)[0]).toMatchObject({ message: 'later' });
  });

  test('a template is reported, and the built-in answer is given', () => {
    const reported: unknown[] = [];
    const sent: unknown[] = [];
    const answer = refusalAnswers({
      templates: { unknown: failLater as never },
      onTemplateError: (error) => reported.push(error),
    });
    const response = {
      headersSent: false,
      statusCode: 200,
      removeHeader: () => undefined,
      getHeader: () => undefined,
      writeHead: (status: number) => sent.push(status),
      end: (body: Buffer) => sent.push(JSON.parse(body.toString())),
    };
    answer({ method: 'GET', headers: {}, rawHeaders: [] } as never, response as never, { state: 'unknown' });
    expect(reported).toEqual([new TypeError('a template returned a promise: templates are not waited for')]);
    expect(sent).toEqual([404, expect.objectContaining({ code: 'unknown_host' })]);
  });
});
