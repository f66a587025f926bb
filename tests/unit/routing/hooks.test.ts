// Hooks are the application's code: what they throw goes no further.

import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { callHook, type ErrorEvent } from '../../../src/routing/hooks.ts';

const fail = (): never => {
  throw new Error('broken hook');
};

describe('a hook that throws', () => {
  test('is told to onError', () => {
    const told: ErrorEvent[] = [];
    callHook({ onAnswer: fail, onError: (event) => told.push(event) }, fail, {});
    expect(told).toEqual([{ error: new Error('broken hook'), organizationId: undefined, from: 'hook' }]);
  });

  test('becomes a warning where onError throws as well, or is not there', async () => {
    for (const hooks of [{ onError: fail }, {}]) {
      const warning = once(process, 'warning');
      callHook(hooks, fail, {});
      expect((await warning)[0]).toMatchObject({ message: 'a routing hook threw: Error: broken hook' });
    }
  });
});
