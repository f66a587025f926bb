/**
 * The operator's process: arguments, logger, signals and the exit code. No logic of its own; what runs is operator.ts.
 * Exit codes: 0 after an orderly stop, 1 when it failed or lost leadership, 2 when the configuration is wrong.
 */
import { ConfigError } from './config/read.ts';
import { type Config, loadConfig, operatorHelp, wantsHelp } from './config.ts';
import { createLogger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { runOperator } from './operator.ts';

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  if (wantsHelp(argv)) {
    process.stdout.write(operatorHelp());
    return 0;
  }
  const config = configuration(argv);
  return config === undefined ? 2 : run(config);
}

function configuration(argv: readonly string[]): Config | undefined {
  try {
    return loadConfig(process.env, argv);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return undefined;
  }
}

async function run(config: Config): Promise<number> {
  const log = createLogger(config.log, { isTerminal: process.stdout.isTTY });
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      // A second one is somebody who will not wait.
      if (stop.signal.aborted) process.exit(1);
      log.info({ signal: name }, 'stopping');
      stop.abort(new Error(`received ${name}`));
    });
  }
  try {
    await runOperator({ config, log, metrics: createMetrics(), signal: stop.signal });
    log.info('stopped');
    return 0;
  } catch (error) {
    log.fatal({ err: error }, 'operator ended');
    return 1;
  }
}

// Not `process.exitCode`: after lost leadership nothing that is still under way may go on.
process.exit(await main());
