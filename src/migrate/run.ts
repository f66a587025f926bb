/**
 * Runs the migrations that are missing, in one transaction, and says what went wrong in one piece. Separate from the
 * program around it so that it can be tested on a real server.
 */
import { runner, type RunnerOption } from 'node-pg-migrate';
import { join } from 'node:path';

import { isBroken } from '../clients/postgres/failure.ts';
import { openMigrationConnection } from '../clients/postgres/migration-connection.ts';
import { failedMigration } from './failure.ts';
import { FileInProgress } from './files.ts';
import type { MigrateSettings } from './settings.ts';

/** The tool's own table lives where the tenant has no rights: an application could make it run migrations twice. */
const MIGRATIONS_SCHEMA = 'studio_migrations';
const MIGRATIONS_TABLE = 'pgmigrations';

const EXTENSIONS = '*.{sql,js,mjs,cjs,ts,mts,cts}';

type Connection = Awaited<ReturnType<typeof openMigrationConnection>>;

/**
 * The names of the migrations that ran; empty when there was nothing to do. Throws MigrationFailed.
 *
 * @param print one line of progress
 */
export async function runMigrations(settings: MigrateSettings, print: (line: string) => unknown): Promise<readonly string[]> {
  const connection = await openMigrationConnection(settings.target).catch((error: unknown) => {
    throw failedMigration(error, { sql: undefined, path: undefined, broken: isBroken(error) });
  });
  const statements = watched(connection);
  const files = new FileInProgress(print);
  try {
    const createMigrationsSchema = await isMissing(connection);
    const done = await runner(runnerOptions({ settings, statements, files, createMigrationsSchema }));
    return done.map(({ name }) => name);
  } catch (error) {
    throw failedMigration(statements.failure?.error ?? error, {
      sql: statements.failure?.sql,
      path: files.current,
      broken: statements.failure !== undefined && isBroken(statements.failure.error),
    });
  } finally {
    // A broken one is gone already; what went wrong has been said.
    await connection.end().catch(() => undefined);
  }
}

interface RunParts {
  readonly settings: MigrateSettings;
  readonly statements: Statements;
  readonly files: FileInProgress;
  readonly createMigrationsSchema: boolean;
}

function runnerOptions({ settings, statements, files, createMigrationsSchema }: RunParts): RunnerOption {
  return {
    dbClient: statements as unknown as Extract<RunnerOption, { dbClient: unknown }>['dbClient'],
    dir: settings.folders.map((folder) => join(folder, EXTENSIONS)),
    useGlob: true,
    direction: 'up',
    migrationsSchema: MIGRATIONS_SCHEMA,
    migrationsTable: MIGRATIONS_TABLE,
    createMigrationsSchema,
    schema: 'public',
    // The default in effect is false, whatever the types say: a failure would leave half of the migrations in place.
    singleTransaction: true,
    // A predecessor's session may take a moment to end; the login's lock_timeout bounds the wait.
    advisoryLockMode: 'wait',
    migrationLoaderStrategies: files.strategies,
    logger: QUIET,
  };
}

/** The tool prints whole files and error stacks; the output of the Job is ours. */
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** CREATE SCHEMA IF NOT EXISTS asks for the right to create one even where it is there. */
async function isMissing(connection: Connection): Promise<boolean> {
  const { rows } = await connection.query<{ missing: boolean }>(`select to_regnamespace($1) is null as missing`, [MIGRATIONS_SCHEMA]);
  return rows[0]?.missing ?? true;
}

interface Statements {
  query(text: string, values?: unknown[]): Promise<unknown>;
  /** The first statement that failed: later ones (ROLLBACK, unlock) fail because of it. */
  failure: { readonly sql: string; readonly error: unknown } | undefined;
}

function watched(connection: Connection): Statements {
  return {
    failure: undefined,
    async query(text, values) {
      try {
        return await connection.query(text, values);
      } catch (error) {
        this.failure ??= { sql: text, error };
        throw error;
      }
    },
  };
}
