/** The report of `operator --check`: what it says, and when it stops asking. */
import { expect, it } from 'vitest';

import { checkInstallation } from '../../../src/installation/check.ts';
import type { Check } from '../../../src/installation/checks.ts';

const signal = new AbortController().signal;
const well: Check = { name: 'definitions', problem: async () => undefined };

it('is well when all is well, and says so by name', async () => {
  expect(await checkInstallation({ checks: [well], timeoutMs: 1, signal })).toEqual({ isWell: true, lines: ['[+]definitions ok'] });
});

it('says what is wrong and what is not, with the causes of what was thrown', async () => {
  const wrong: Check = { name: 'leader', problem: async () => 'nobody holds the Lease' };
  const thrown: Check = {
    name: 'operator',
    problem: () => Promise.reject(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:1') })),
  };
  expect(await checkInstallation({ checks: [well, wrong, thrown], timeoutMs: 1, signal })).toEqual({
    isWell: false,
    lines: ['[+]definitions ok', '[-]leader nobody holds the Lease', '[-]operator fetch failed: connect ECONNREFUSED 127.0.0.1:1'],
  });
});

it('asks again until it is well', async () => {
  const answers = ['not yet', undefined];
  const slow: Check = { name: 'operator', problem: async () => answers.shift() };
  expect(await checkInstallation({ checks: [slow], timeoutMs: 60_000, signal })).toMatchObject({ isWell: true });
  expect(answers).toEqual([]);
});

it('ends when it is told to, in the middle of its patience', async () => {
  const stop = new AbortController();
  const never: Check = {
    name: 'operator',
    problem: async () => {
      stop.abort(new Error('received SIGTERM'));
      return 'not yet';
    },
  };
  await expect(checkInstallation({ checks: [never], timeoutMs: 60_000, signal: stop.signal })).rejects.toThrow('received SIGTERM');
});
