/**
 * `app`: the application's process: arguments, logger, signals and the exit code. What runs is app/application.ts.
 * Exit codes: 0 after an orderly stop, 1 when it failed or requests had to be cut off, 2 when a setting is wrong.
 */
import { startApplication } from './app/application.ts';
import { applicationHelp, applicationSettings, type ApplicationSettings } from './app/settings.ts';
import { ConfigError } from './config/read.ts';
import { createLogger } from './log.ts';
import { tenantLogFields } from './routing/index.ts';

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(applicationHelp());
    return 0;
  }
  const settings = settingsFrom(argv);
  return settings === undefined ? 2 : await run(settings);
}

function settingsFrom(argv: readonly string[]): ApplicationSettings | undefined {
  try {
    return applicationSettings(process.env, argv);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return undefined;
  }
}

async function run(settings: ApplicationSettings): Promise<number> {
  const { logLevel: level, logFormat: format } = settings;
  const log = createLogger({ level, format }, { isTerminal: process.stdout.isTTY, fields: tenantLogFields });
  const told = stopSignal();
  try {
    const application = await startApplication({ settings, log });
    log.info({ signal: await told }, 'stopping');
    const inTime = await application.stop();
    if (inTime) log.info('stopped');
    else log.error('requests were cut off: they took longer than GRACEFUL_STOP');
    return inTime ? 0 : 1;
  } catch (error) {
    log.fatal({ err: error }, 'application ended');
    return 1;
  }
}

/** A second signal is somebody who will not wait. */
async function stopSignal(): Promise<string> {
  return await new Promise((resolve) => {
    let wasTold = false;
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.on(name, () => {
        if (wasTold) process.exit(1);
        wasTold = true;
        resolve(name);
      });
    }
  });
}

process.exit(await main(process.argv.slice(2)));
