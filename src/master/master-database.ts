/**
 * The master database as the operator uses it: opened when first needed, made and migrated where that is due, claimed
 * for this cluster, and free of a former leader's sessions. Separate from the pool, which only knows connections: a
 * process that starts while the master database is away goes on, says so in every tenant's condition, and recovers.
 */
import { readFile } from 'node:fs/promises';

import type { Logger } from 'pino';

import type { ConnectionTarget } from '../clients/postgres/connection.ts';
import { createDatabasePool, type DatabasePool, type DatabasePoolOptions } from '../clients/postgres/database-pool.ts';
import { hasSqlState, SqlState } from '../clients/postgres/sql-state.ts';
import type { Query, Sql } from '../clients/postgres/sql.ts';
import type { StatementHooks } from '../clients/postgres/statement.ts';
import { Unavailable } from '../runtime/unavailable.ts';
import { createMasterDatabase } from './create.ts';
import { claimInstallation } from './installation.ts';
import { migrateMaster } from './migrate.ts';
import { masterTarget } from './master-target.ts';

export interface MasterDatabaseOptions {
  /** postgresql://user:password@host:port/database, with sslmode as libpq's. */
  readonly url: string;
  /** PEM file of the authority; makes verification mandatory. */
  readonly caFile: string | undefined;
  readonly applicationName: string;
  /** uid of the namespace kube-system. */
  readonly clusterId: string;
  readonly adoptFromCluster: string | undefined;
  readonly maxConnections: number;
  readonly hooks: StatementHooks & Pick<DatabasePoolOptions, 'onFailure'>;
  /** Ends sessions of former leaders on the master, and waits until none is left. */
  readonly fence: (query: Query) => Promise<void>;
  readonly log: Logger;
}

/** One maintenance database exists on every server. */
const MAINTENANCE_DATABASE = 'postgres';

interface Opened {
  readonly pool: DatabasePool;
  readonly installationId: string;
}

export class MasterDatabase implements DatabasePool {
  readonly #options: MasterDatabaseOptions;
  #opening: Promise<Opened> | undefined;
  #opened: Opened | undefined;

  constructor(options: MasterDatabaseOptions) {
    this.#options = options;
  }

  /** Stands in the comment of everything that is ours. Throws Unavailable before the master database has been opened. */
  requireInstallationId(): string {
    if (this.#opened === undefined) throw new Unavailable('the master database is not open yet', { system: 'master' });
    return this.#opened.installationId;
  }

  /** Resolves when it is open. Throws Unavailable, MasterDatabaseRefused and what the server says. */
  async open(): Promise<void> {
    await this.#open();
  }

  async query<R>(sql: Sql): Promise<readonly R[]> {
    return (await this.#open()).pool.query<R>(sql);
  }

  async transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return (await this.#open()).pool.transaction(work);
  }

  async end(): Promise<void> {
    await this.#opened?.pool.end();
  }

  /** All that wait share one attempt; a failed one is forgotten, so that the next caller tries again. */
  #open(): Promise<Opened> {
    this.#opening ??= this.#tryOpen().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #tryOpen(): Promise<Opened> {
    const { hooks, maxConnections, log, fence } = this.#options;
    const target = await this.#target();
    hooks.assertWritable?.();
    const pool = createDatabasePool({ ...hooks, target, maxConnections });
    try {
      // A former leader first: what it still has under way must not meet a schema that is being changed.
      await this.#orCreate(target, () => fence((sql) => pool.query(sql)));
      await migrateMaster({ target, log });
      const { clusterId, adoptFromCluster } = this.#options;
      const { installationId } = await claimInstallation((sql) => pool.query(sql), { clusterId, adoptFromCluster });
      this.#opened = { pool, installationId };
      log.info({ installation: installationId }, 'master database opened');
      return this.#opened;
    } catch (error) {
      await pool.end();
      throw error;
    }
  }

  /** Creating is tried only where the database is not there, or was left half made: it needs a second database to connect to. */
  async #orCreate(target: ConnectionTarget, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!hasSqlState(error, SqlState.UndefinedDatabase, SqlState.NotInPrerequisiteState)) throw error;
      await createMasterDatabase({ maintenance: { ...target, database: MAINTENANCE_DATABASE }, database: target.database });
      this.#options.log.info({ database: target.database }, 'master database created');
      await work();
    }
  }

  async #target(): Promise<ConnectionTarget> {
    const { url, caFile, applicationName } = this.#options;
    // Read each time: a renewed authority needs no restart.
    const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
    return masterTarget({ url, ca, applicationName });
  }
}
