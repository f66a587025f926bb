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
import { routingTables, type Table } from './routing/report.ts';
import { routing, type RoutingResult } from './routing/routing.ts';

/** The operator's default. */
const SWEEP_SECONDS = 60;

type Result = ProvisionResult | IdleResult | RoutingResult;

const BENCHES = { provision, idle, routing } as const;

const measure = async (command: keyof typeof BENCHES, options: BenchOptions, signal: AbortSignal): Promise<Result> => {
  const parts = new StartedParts();
  try {
    return await BENCHES[command](options, parts, signal);
  } finally {
    say('Stopping everything');
    await parts.stop();
  }
};

const tablesOf = (result: Result): readonly Table[] => {
  if (result.kind === 'routing') return routingTables(result);
  const operator = [{ title: '' }, { title: 'OPERATOR', isNumber: true }];
  if (result.kind === 'idle') return [{ columns: operator, rows: idleRows(result, SWEEP_SECONDS) }];
  return [{ columns: [...operator, { title: 'BARE LIMIT', isNumber: true }], rows: provisionRows(result) }];
};

const print = (terminal: Terminal, result: Result): void => {
  for (const { columns, rows } of tablesOf(result)) {
    terminal.line();
    for (const line of tableLines(terminal, columns, rows)) terminal.line(line);
  }
};

const main = async (argv: readonly string[]): Promise<number> => {
  const terminal = newTerminal(process.stdout, process.env);
  try {
    const options = benchOptions(argv);
    if (options.command === 'help') {
      terminal.raw(BENCH_HELP);
      return 0;
    }
    const result = await measure(options.command, options, interruption());
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
