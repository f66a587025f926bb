// `npm run test:e2e`: the tests on a whole cluster, with the image and the chart. On a node of our own they run inside its enclosure, and
// afterwards it is looked for what was left behind. Arguments go to vitest.

import { constants } from 'node:os';
import { GROUND_VARIABLE, setUp, type Ground } from './e2e/set-up.ts';
import { machineState, whatWasLeft } from './node/enclosure/left-behind.ts';
import { runEnclosed } from './node/enclosure/enclosure.ts';
import { duration, say } from './progress.ts';
import { runForeground } from './run.ts';
import { explainSetupError } from './setup-error.ts';

const [, , ...given] = process.argv;
// Who names a file means one of the two projects, and the other has nothing to do.
const VITEST = ['run', '--config', 'vitest.e2e.config.ts', ...(given.length > 0 ? ['--passWithNoTests'] : [])];

const onGround = async (ground: Ground): Promise<number> => {
  if (ground.kind === 'none') {
    // In the words of the test runner, so that whoever adds up results counts it.
    say(`The tests on a whole cluster are skipped: ${ground.why}.\n\n      Tests  1 skipped (1)`);
    return 0;
  }
  process.env[GROUND_VARIABLE] = JSON.stringify(ground);
  if (ground.kind === 'docker') return await runForeground('vitest', [...VITEST, '--project', 'story', ...given]);
  const enclosure = await runForeground('vitest', [...VITEST, '--project', 'enclosure', ...given]);
  const story = await inEnclosure('vitest', [...VITEST, '--project', 'story', ...given]);
  return enclosure === 0 ? story : enclosure;
};

/** Resolves with its exit code, or 1 when anything of it was left behind. */
const inEnclosure = async (command: string, args: readonly string[]): Promise<number> => {
  const before = await machineState();
  const ending = new AbortController();
  let interrupted = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interrupted = 128 + constants.signals[signal];
      ending.abort();
    });
  }
  const outcome = await runEnclosed({ command, args, signal: ending.signal });
  const { findings, looked } = await whatWasLeft(outcome, before);
  say(`\nLooked for what ${outcome.name} left behind: ${looked.join(', ')}.`);
  say(findings.length === 0 ? 'Nothing was left behind.' : `Left behind:\n  ${findings.join('\n  ')}`);
  if (interrupted !== 0) return interrupted;
  return outcome.code === 0 && findings.length > 0 ? 1 : outcome.code;
};

const begin = performance.now();
try {
  const ground = await setUp();
  say(`Set up after ${duration(performance.now() - begin)}`);
  process.exitCode = await onGround(ground);
  say(`All of it took ${duration(performance.now() - begin)}`);
} catch (error) {
  explainSetupError(error);
}
