/**
 * Brings the master database to the schema this operator knows, at its start. Two operators that start at once take
 * turns; a schema newer than this operator's is refused, because it cannot know what the newer one means.
 */
import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import type { Client } from 'pg';
import type { Logger } from 'pino';
import { openClient } from '../clients/postgres/client.ts';
import type { ConnectionTarget } from '../clients/postgres/connection.ts';
import { statementFailure } from '../clients/postgres/failure.ts';
import { MasterDatabaseRefused } from './refused.ts';

/** Out of the way of the tables that applications read. */
const MIGRATIONS_SCHEMA = 'studio_migrations';
const MIGRATIONS_TABLE = 'master_migrations';
/** The one of this table; others of the same database are somebody else's. */
const LOCK_ID = 3_617_218_405;

/** Another operator's migrations take seconds; one that takes longer than this hangs. */
const WAIT_FOR_TURN_MS = 300_000;
/** A migration that waits for a lock makes every application wait behind it. */
const LOCK_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 600_000;

const OWN_MIGRATIONS = fileURLToPath(new URL('../../migrations/master', import.meta.url));

export interface MasterMigration {
  /** The master database, as the role that is to own its tables. Its statement timeout is not used. */
  readonly target: ConnectionTarget;
  readonly log: Logger;
  /** Where the migrations lie, for tests; default: the operator's own. */
  readonly directory?: string;
}

/**
 * Runs what has not been run yet, all in one transaction. Returns the names of what was run.
 * Throws MasterDatabaseRefused (SchemaTooNew), Unavailable, or the error of a migration.
 */
export async function migrateMaster(migration: MasterMigration): Promise<readonly string[]> {
  const { target, log, directory = OWN_MIGRATIONS } = migration;
  // A client of its own, ended here: after a failure it may be inside an aborted transaction and hold the lock.
  const client = await openClient({ ...target, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  try {
    await takeTurn(client);
    await refuseNewerSchema(client, directory);
    return await runMigrations(client, directory, log);
  } catch (error) {
    if (error instanceof MasterDatabaseRefused) throw error;
    throw statementFailure(error, target);
  } finally {
    // A broken connection is gone anyway; what broke it has been thrown.
    await client.end().catch(() => undefined);
  }
}

/** Session-level, so the lock goes with the client. */
async function takeTurn(client: Client): Promise<void> {
  await client.query(`SET lock_timeout = ${WAIT_FOR_TURN_MS}`);
  await client.query(`SELECT pg_advisory_lock(${LOCK_ID})`);
  await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
}

async function refuseNewerSchema(client: Client, directory: string): Promise<void> {
  const known = new Set((await readdir(directory)).map((file) => basename(file, '.sql')));
  const unknown = (await recordedMigrations(client)).find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new MasterDatabaseRefused(
    'SchemaTooNew',
    `The master database has been migrated by a newer operator: this one does not know its migration "${unknown}". ` +
      'Run that version of the operator or a later one; the schema never goes back.',
  );
}

async function recordedMigrations(client: Client): Promise<readonly string[]> {
  const table = `${MIGRATIONS_SCHEMA}.${MIGRATIONS_TABLE}`;
  const exists = await client.query<{ yes: boolean }>('SELECT to_regclass($1) IS NOT NULL AS yes', [table]);
  if (exists.rows[0]?.yes !== true) return [];
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${table} ORDER BY id`);
  return rows.map(({ name }) => name);
}

async function runMigrations(client: Client, directory: string, log: Logger): Promise<readonly string[]> {
  const ran = await runner({
    dbClient: client,
    dir: directory,
    direction: 'up',
    migrationsSchema: MIGRATIONS_SCHEMA,
    createMigrationsSchema: true,
    migrationsTable: MIGRATIONS_TABLE,
    // Not the default of the runner, whatever its types say: without it a failure leaves half of the migrations.
    singleTransaction: true,
    noLock: true,
    logger: quietLogger(log),
  });
  const names = ran.map(({ name }) => name);
  if (names.length > 0) log.info({ migrations: names }, 'Migrated the master database');
  return names;
}

/** What it says of itself goes to debug: failures are thrown, and logged once, where they end up. */
function quietLogger(log: Logger): Record<'debug' | 'info' | 'warn' | 'error', (message: string) => void> {
  const debug = (message: string): void => log.debug({ output: message }, 'node-pg-migrate');
  return { debug, info: debug, warn: debug, error: debug };
}
