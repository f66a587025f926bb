// `npm run check`: everything that can be said about the sources without running them. All of it runs even when one part fails, because
// whoever mends one wants to know of the others.

import { duration, say } from './progress.ts';
import { runForeground } from './run.ts';

const CHECKS: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  format: ['oxfmt', '--check'],
  lint: ['oxlint', '--type-aware', 'src', 'tests', 'dev', 'bench', 'docs/examples', 'vitest.config.ts', 'vitest.e2e.config.ts'],
  types: ['tsc', '--noEmit'],
  unused: ['knip'],
  architecture: ['vitest', 'run', '--project', 'unit', 'tests/architecture.test.ts'],
  generated: ['node', 'dev/generate.ts', '--check'],
};

const outcomes: string[] = [];
for (const [name, [command, ...args]] of Object.entries(CHECKS)) {
  say(`\n--- ${name}: ${command} ${args.join(' ')}`);
  const begin = performance.now();
  const code = await runForeground(command, args);
  outcomes.push(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${duration(performance.now() - begin)})`);
}
say(`\n${outcomes.join('\n')}`);
process.exitCode = outcomes.some((outcome) => outcome.startsWith('FAILED')) ? 1 : 0;
