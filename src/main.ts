/**
 * The operator's process: arguments, logger, signals and the exit code. No logic of its own; what runs is operator.ts, or one of the
 * commands of installation/.
 * Exit codes: 0 after an orderly stop, 1 when it failed or lost leadership, 2 when the configuration is wrong.
 */
import { ConfigError } from './config/read.ts';
import { type Config, loadConfig, operatorHelp, wantsHelp } from './config.ts';
import { commandOf } from './installation/commands.ts';
import { commandsHelp } from './installation/settings.ts';
import { createLogger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { runOperator } from './operator.ts';

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  if (wantsHelp(argv)) {
    process.stdout.write(`${operatorHelp()}\n${commandsHelp()}\n`);
    return 0;
  }
  const command = commandOf(argv);
  try {
    return await (command === undefined ? run(loadConfig(process.env, argv)) : runCommand(command, argv));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    printError(error.message);
    return 2;
  }
}

function runCommand(command: NonNullable<ReturnType<typeof commandOf>>, argv: readonly string[]): Promise<number> {
  const print = (line: string): boolean => process.stdout.write(`${line}\n`);
  return command({ env: process.env, argv, signal: stopSignal(() => undefined), print, printError });
}

async function run(config: Config): Promise<number> {
  const log = createLogger(config.log, { isTerminal: process.stdout.isTTY });
  const signal = stopSignal((name) => log.info({ signal: name }, 'stopping'));
  try {
    await runOperator({ config, log, metrics: createMetrics(), signal });
    log.info('stopped');
    return 0;
  } catch (error) {
    log.fatal({ err: error }, 'operator ended');
    return 1;
  }
}

function stopSignal(onSignal: (name: string) => void): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      // A second one is somebody who will not wait.
      if (stop.signal.aborted) process.exit(1);
      onSignal(name);
      stop.abort(new Error(`received ${name}`));
    });
  }
  return stop.signal;
}

function printError(line: string): void {
  process.stderr.write(`${line}\n`);
}

// Not `process.exitCode`: after lost leadership nothing that is still under way may go on.
process.exit(await main());
