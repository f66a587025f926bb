/**
 * Makes the master database where it does not exist yet and the account may. Nobody but its owner may ever connect
 * in between: tenants of the same server would find the door open.
 */
import type { ConnectionTarget } from '../clients/postgres/connection.ts';
import { withSession } from '../clients/postgres/session.ts';
import { type Query, quoteIdentifier } from '../clients/postgres/sql.ts';
import { MasterDatabaseRefused } from './refused.ts';

/** Two operators that start at once take turns. */
const LOCK_ID = 3_617_218_406;
const WAIT_FOR_TURN_MS = 60_000;

/** What pg_database and pg_roles say. */
interface MasterFacts {
  readonly account: string;
  readonly mayCreate: boolean;
  /** NULL: there is no such database. */
  readonly isOpen: boolean | null;
  readonly isOwn: boolean | null;
  /** Its access list has never been touched, so it has never been open: a creation that was cut off. */
  readonly isUnfinished: boolean | null;
}

const FACTS = `SELECT account.rolname AS account, account.rolcreatedb OR account.rolsuper AS "mayCreate",
  d.datallowconn AS "isOpen", d.datdba = account.oid AS "isOwn",
  NOT d.datallowconn AND d.datacl IS NULL AS "isUnfinished"
FROM pg_catalog.pg_roles AS account LEFT JOIN pg_catalog.pg_database AS d ON d.datname = $1
WHERE account.rolname = current_user`;

export interface MasterCreation {
  /** A database that exists on the server, as the account that is to own the master database. */
  readonly maintenance: ConnectionTarget;
  /** Name of the master database. */
  readonly database: string;
}

/**
 * Returns whether it made the database, or finished making it. Throws MasterDatabaseRefused (MayNotCreate, Closed)
 * with a sentence that says what to do, and Unavailable.
 */
export function createMasterDatabase({ maintenance, database }: MasterCreation): Promise<boolean> {
  return withSession(maintenance, {}, async (query) => {
    await query({ text: `SET lock_timeout = ${WAIT_FOR_TURN_MS}` });
    await query({ text: `SELECT pg_catalog.pg_advisory_lock(${LOCK_ID})` });
    return createIfMissing(query, database);
  });
}

async function createIfMissing(query: Query, database: string): Promise<boolean> {
  const [facts] = await query<MasterFacts>({ text: FACTS, values: [database] });
  if (facts === undefined) throw new Error('the account of the master database is not among the roles');
  if (facts.isOpen === true) return false;
  const name = quoteIdentifier(database);
  if (facts.isOpen === null) {
    if (!facts.mayCreate) throw mayNotCreate(facts.account, name);
    await query({ text: `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' ALLOW_CONNECTIONS false` });
  } else if (facts.isUnfinished !== true || facts.isOwn !== true) {
    throw closed(name);
  }
  // One text is one implicit transaction: PUBLIC never meets an open door.
  await query({ text: `REVOKE ALL ON DATABASE ${name} FROM PUBLIC; ALTER DATABASE ${name} ALLOW_CONNECTIONS true` });
  return true;
}

function mayNotCreate(account: string, name: string): MasterDatabaseRefused {
  const owner = quoteIdentifier(account);
  return new MasterDatabaseRefused(
    'MayNotCreate',
    `The master database ${name} does not exist, and the account ${owner} may not create databases. Run as an administrator: ` +
      `CREATE DATABASE ${name} OWNER ${owner} TEMPLATE template0 ENCODING 'UTF8'; REVOKE ALL ON DATABASE ${name} FROM PUBLIC;`,
  );
}

function closed(name: string): MasterDatabaseRefused {
  return new MasterDatabaseRefused(
    'Closed',
    `The master database ${name} is closed to connections. If that is not wanted any more, run: ALTER DATABASE ${name} ALLOW_CONNECTIONS true;`,
  );
}
