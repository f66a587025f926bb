// `npm test`: everything, unit and architecture first because they take seconds. Arguments go to vitest, e.g.
// `npm test -- --project unit` or `npm test -- tests/integration/dev`.

import { runForeground } from './run.ts';

process.exitCode = await runForeground('vitest', ['run', ...process.argv.slice(2)]);
