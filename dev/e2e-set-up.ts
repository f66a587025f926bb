// `npm run test:e2e:set-up`: fetches and builds what `npm run test:e2e` needs, and says what it will run on. Separate so that a machine can
// be prepared while it has a network, and so that nobody mistakes a first build for a slow test.

import { setUp } from './e2e/set-up.ts';
import { duration, say } from './progress.ts';
import { explainSetupError } from './setup-error.ts';

const begin = performance.now();
try {
  const ground = await setUp();
  const what = { docker: 'K3s in Docker', node: 'a node of our own', none: 'nothing' }[ground.kind];
  say(`Ready after ${duration(performance.now() - begin)}: tests run on ${what}${ground.kind === 'none' ? `: ${ground.why}` : ''}`);
} catch (error) {
  explainSetupError(error);
}
