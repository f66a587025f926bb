// `npm run demo`: chapters in their order, Ctrl-C at any point, and an exit code that tells the truth.

import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../cluster/arguments.ts';
import { StartedParts } from '../cluster/started-parts.ts';
import { REPOSITORY } from '../run.ts';
import type { Chapter, Demo } from './demo.ts';
import { applyChapter } from './chapters/apply.ts';
import { deleteChapter } from './chapters/delete.ts';
import { describeChapter } from './chapters/describe.ts';
import { stayChapter, summaryChapter } from './chapters/finish.ts';
import { refuseChapter } from './chapters/refuse.ts';
import { serveChapter } from './chapters/serve.ts';
import { showChapter } from './chapters/show.ts';
import { startChapter } from './chapters/start.ts';
import { tidyChapter } from './chapters/tidy.ts';
import { watchChapter } from './chapters/watch.ts';
import { explained, Interrupted, INTERRUPTED_EXIT_CODE, interruption } from './interruption.ts';
import { DEMO_HELP, demoOptions, type DemoOptions } from './options.ts';
import { terminal as newTerminal, type Terminal } from './terminal.ts';

const CHAPTERS: readonly Chapter[] = [
  applyChapter,
  watchChapter,
  showChapter,
  serveChapter,
  refuseChapter,
  describeChapter,
  deleteChapter,
  summaryChapter,
];

/** The exit code. */
const run = async ({ once, existing }: DemoOptions, terminal: Terminal, signal: AbortSignal): Promise<number> => {
  const parts = new StartedParts();
  try {
    const demo = await startChapter({ terminal, signal, existing, parts });
    return await tell(demo, once ? CHAPTERS : [...CHAPTERS, stayChapter]);
  } finally {
    terminal.line();
    terminal.line('Stopping everything ...');
    await parts.stop();
  }
};

const tell = async (demo: Demo, chapters: readonly Chapter[]): Promise<number> => {
  try {
    for (const chapter of chapters) {
      demo.signal.throwIfAborted();
      await chapter(demo);
    }
    await tidyChapter(demo);
  } catch (error) {
    if (!(error instanceof Interrupted)) await keepLogs(demo);
    throw error;
  }
  if (demo.report.failed === 0) return 0;
  await keepLogs(demo);
  return 1;
};

const LOGS = ['operator.log', 'application.log', 'traefik.log'];

/** What is temporary goes at the end; of a run that failed the logs stay. */
const keepLogs = async ({ environment, terminal }: Demo): Promise<void> => {
  const directory = path.join(REPOSITORY, '.local');
  await mkdir(directory, { recursive: true });
  for (const log of LOGS.filter((each) => existsSync(path.join(environment.directory, each)))) {
    const file = path.join(directory, `demo-${log}`);
    await copyFile(path.join(environment.directory, log), file);
    terminal.line(`  Kept: ${path.relative(process.cwd(), file)}`);
  }
};

const main = async (argv: readonly string[]): Promise<number> => {
  const terminal = newTerminal(process.stdout, process.env);
  try {
    const options = demoOptions(argv, process.stdout.isTTY);
    if (!options.help) return await run(options, terminal, interruption());
    terminal.raw(DEMO_HELP);
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) return INTERRUPTED_EXIT_CODE;
    process.stderr.write(`\n${explained(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
};

process.exitCode = await main(process.argv.slice(2));
