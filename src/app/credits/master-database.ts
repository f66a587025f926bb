/*
 * The application's own few connections to the master database, for plans and credits. Separate from the directory's, so
 * that neither can hold up the other.
 */
import pg from 'pg';

import { masterAddress, type MasterOptions } from '../../routing/directory/master-address.ts';
import { ScramClient } from '../../routing/scram-client.ts';
import { type Queryable, sqlStateOf } from '../database.ts';
import { Problem } from '../http/problem.ts';

export interface MasterDatabase extends Queryable {
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 4;
const MAX_WAITING = 100;
const WAIT_MS = 5_000;
const STATEMENT_MS = 10_000;

/** Connects when it is first asked something. Queries throw a Problem 503 when there is no connection to be had, or too many wait for one. */
export function openMasterDatabase(options: MasterOptions, onError: (error: Error) => void): MasterDatabase {
  const pool = new pg.Pool({
    // As the directory reads the URL: the driver gives some of its parameters another meaning than libpq.
    ...masterAddress(options),
    Client: ScramClient,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: WAIT_MS,
    query_timeout: STATEMENT_MS,
    application_name: 'studio-app',
  });
  // An idle connection that breaks: the pool has dropped it already.
  pool.on('error', onError);
  // One that breaks in a statement: the statement is rejected with the same error. Without a listener it would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return {
    query: async (text, values = []) => {
      // A server that is silent answers none of them: whoever comes then is told at once.
      if (pool.waitingCount >= MAX_WAITING) throw unavailable(new Error(`${MAX_WAITING} statements wait for a connection`));
      const client = await pool.connect().catch((error: unknown) => {
        throw unavailable(error);
      });
      return await ask(client, text, values);
    },
    close: async () => await pool.end(),
  };
}

async function ask<Row>(client: pg.PoolClient, text: string, values: readonly unknown[]): Promise<{ readonly rows: readonly Row[] }> {
  try {
    const { rows } = await client.query<Row & pg.QueryResultRow>(text, [...values]);
    client.release();
    return { rows };
  } catch (error) {
    const isAnswer = isOfTheStatement(error);
    // A connection whose statement got no answer is in the middle of something: it is closed.
    client.release(!isAnswer);
    throw isAnswer ? error : unavailable(error);
  }
}

/** Classes 08, 53, 57 and 58 of SQLSTATE are about the server; an error without one is about the way there. */
function isOfTheStatement(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state !== undefined && !/^(?:08|53|57|58)/.test(state);
}

function unavailable(cause: unknown): Problem {
  return new Problem(503, 'credits_unavailable', 'Plans and credits cannot be reached at the moment.', {
    cause,
    headers: { 'retry-after': '5' },
  });
}
