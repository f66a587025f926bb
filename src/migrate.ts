/**
 * `migrate`: what a migration Job runs. Brings one tenant's database to a release, says what it does on stdout and, when
 * it fails, why in one last block on stderr. A program of its own: it knows nothing of Kubernetes or the operator.
 */
import { failureBlock, MIGRATE_EXIT } from './desired/migration-report.ts';
import { MigrationFailed } from './migrate/failure.ts';
import { runMigrations } from './migrate/run.ts';
import { migrateHelp, readMigrateSettings } from './migrate/settings.ts';

const print = (line: string): boolean => process.stdout.write(`${line}\n`);
const printError = (text: string): boolean => process.stderr.write(`${text}\n`);

/** The exit code. */
async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    print(migrateHelp());
    return MIGRATE_EXIT.done;
  }
  const reading = readMigrateSettings(env, argv);
  if (!reading.ok) {
    printError(failureBlock({ error: reading.problems.join('; ') }));
    return MIGRATE_EXIT.usage;
  }
  const startedMs = performance.now();
  print(reading.settings.subject);
  try {
    const names = await runMigrations(reading.settings, print);
    print(names.length === 0 ? 'nothing to do: all migrations are in' : `done: ${names.length} migrations in ${sinceMs(startedMs)} ms`);
    return MIGRATE_EXIT.done;
  } catch (error) {
    if (!(error instanceof MigrationFailed)) throw error;
    print(`rolled back after ${sinceMs(startedMs)} ms`);
    printError(failureBlock(error.failure));
    return error.transient ? MIGRATE_EXIT.transient : MIGRATE_EXIT.failed;
  }
}

function sinceMs(startedMs: number): number {
  return Math.round(performance.now() - startedMs);
}

// The first process of a container ignores SIGTERM unless it listens. The server rolls back when the connection ends.
process.once('SIGTERM', () => process.exit(128 + 15));

process.exitCode = await main(process.argv.slice(2), process.env);
