// `npm run demo`: chapters in their order, Ctrl-C at any point, and an exit code that tells the truth.

import type { Chapter } from './demo.ts';
import { applyChapter } from './chapters/apply.ts';
import { deleteChapter } from './chapters/delete.ts';
import { describeChapter } from './chapters/describe.ts';
import { stayChapter, summaryChapter } from './chapters/finish.ts';
import { refuseChapter } from './chapters/refuse.ts';
import { showChapter } from './chapters/show.ts';
import { startChapter } from './chapters/start.ts';
import { watchChapter } from './chapters/watch.ts';
import { DEMO_HELP, demoOptions, type DemoOptions } from './options.ts';
import { terminal as newTerminal, type Terminal } from './terminal.ts';

const CHAPTERS: readonly Chapter[] = [
  applyChapter,
  watchChapter,
  showChapter,
  refuseChapter,
  describeChapter,
  deleteChapter,
  summaryChapter,
];
const INTERRUPTED = 130;

/** The exit code. */
const run = async ({ once }: DemoOptions, terminal: Terminal, signal: AbortSignal): Promise<number> => {
  const { demo, stop } = await startChapter(terminal, signal);
  try {
    for (const chapter of once ? CHAPTERS : [...CHAPTERS, stayChapter]) {
      signal.throwIfAborted();
      await chapter(demo);
    }
    return demo.report.failed === 0 ? 0 : 1;
  } finally {
    terminal.line();
    terminal.line('Stopping everything.');
    await stop();
  }
};

/** The first asks for an orderly end. A second one ends us at once; what we have started then ends by itself. */
const interruption = (): AbortSignal => {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(INTERRUPTED);
      controller.abort(new Interrupted(`ended by ${name}`));
    });
  }
  return controller.signal;
};

class Interrupted extends Error {}

/** One sentence per cause: what was being done, and what stood in the way. */
const explained = (error: unknown): string => {
  const causes: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) causes.push(cause.message);
  return causes.length === 0 ? String(error) : causes.join(': ');
};

const main = async (argv: readonly string[]): Promise<number> => {
  const terminal = newTerminal(process.stdout, process.env);
  try {
    const options = demoOptions(argv, process.stdout.isTTY);
    if (options.help) {
      terminal.raw(DEMO_HELP);
      return 0;
    }
    return await run(options, terminal, interruption());
  } catch (error) {
    if (error instanceof Interrupted) return INTERRUPTED;
    process.stderr.write(`\n${explained(error)}\n`);
    return 1;
  }
};

process.exitCode = await main(process.argv.slice(2));
