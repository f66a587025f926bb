// `npm run bench`: measures on servers of its own, prints a table and writes JSON. Whatever it started it stops, also on Ctrl-C.

import { writeFile } from 'node:fs/promises';
import { UsageError } from '../dev/cluster/arguments.ts';
import { StartedParts } from '../dev/cluster/started-parts.ts';
import { explained, Interrupted, INTERRUPTED_EXIT_CODE, interruption } from '../dev/demo/interruption.ts';
import { tableLines } from '../dev/demo/table.ts';
import { terminal as newTerminal, type Terminal } from '../dev/demo/terminal.ts';
import { say } from '../dev/progress.ts';
import { idle, type IdleResult } from './idle.ts';
import { BENCH_HELP, benchOptions, type BenchOptions } from './options.ts';
import { provision, type ProvisionResult } from './provision.ts';
import { idleRows, provisionRows } from './report.ts';

/** The operator's default. */
const SWEEP_SECONDS = 60;

const measure = async (options: BenchOptions, signal: AbortSignal): Promise<ProvisionResult | IdleResult> => {
  const parts = new StartedParts();
  try {
    return options.command === 'idle' ? await idle(options, parts, signal) : await provision(options, parts, signal);
  } finally {
    say('Stopping everything');
    await parts.stop();
  }
};

const print = (terminal: Terminal, result: ProvisionResult | IdleResult): void => {
  const lines =
    result.kind === 'idle'
      ? tableLines(terminal, [{ title: '' }, { title: 'OPERATOR', isNumber: true }], idleRows(result, SWEEP_SECONDS))
      : tableLines(
          terminal,
          [{ title: '' }, { title: 'OPERATOR', isNumber: true }, { title: 'BARE LIMIT', isNumber: true }],
          provisionRows(result),
        );
  terminal.line();
  for (const line of lines) terminal.line(line);
};

const main = async (argv: readonly string[]): Promise<number> => {
  const terminal = newTerminal(process.stdout, process.env);
  try {
    const options = benchOptions(argv);
    if (options.command === 'help') {
      terminal.raw(BENCH_HELP);
      return 0;
    }
    const result = await measure(options, interruption());
    print(terminal, result);
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(result, undefined, 2)}\n`);
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) return INTERRUPTED_EXIT_CODE;
    process.stderr.write(`\n${explained(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
};

process.exitCode = await main(process.argv.slice(2));
