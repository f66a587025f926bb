// A migrated master database of a test's own, and the organizations that tests begin with.

import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { createDatabasePool, type DatabasePool } from '../../../src/clients/postgres/database-pool.ts';
import type { ConnectionTarget } from '../../../src/clients/postgres/connection.ts';
import type { Query } from '../../../src/clients/postgres/sql.ts';
import { claimInstallation } from '../../../src/master/installation.ts';
import { migrateMaster } from '../../../src/master/migrate.ts';
import type { Claims, ObjectIdentity, Organization, RecordedCredentials } from '../../../src/master/organization.ts';
import { type Registration, registerOrganization } from '../../../src/master/organizations.ts';
import { recordOrganization } from '../../../src/master/record.ts';
import { eventually } from '../../support/eventually.ts';
import { freshDatabase, queryAs, type FreshDatabase, type Row } from '../../support/postgres.ts';

export const silent = pino({ level: 'silent' });

/** How the operator connects, to the database that a URL names. */
export function targetOf(url: string): ConnectionTarget {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname,
    port: Number(port),
    user: username,
    password,
    database: pathname.slice(1),
    tls: { mode: 'disable' },
    applicationName: 'test',
    statementTimeoutMs: 20_000,
    system: 'master',
  };
}

export interface FreshMaster extends AsyncDisposable {
  readonly database: FreshDatabase;
  readonly pool: DatabasePool;
  /** As the operator sends it. */
  readonly query: Query;
  /** The cluster that owns it. */
  readonly clusterId: string;
  /** SQL by hand, as the owner of the tables. */
  sql<R extends Row = Row>(text: string, values?: readonly unknown[]): Promise<readonly R[]>;
  /** Types of the events of an organization, oldest first. */
  events(id: number): Promise<readonly string[]>;
}

export async function freshMaster(): Promise<FreshMaster> {
  const database = await freshDatabase();
  const target = targetOf(database.url);
  await migrateMaster({ target, log: silent });
  const pool = createDatabasePool({ target, maxConnections: 20 });
  const clusterId = randomUUID();
  const query: Query = (sql) => pool.query(sql);
  await claimInstallation(query, { clusterId });
  const sql = <R extends Row = Row>(text: string, values?: readonly unknown[]): Promise<readonly R[]> =>
    queryAs<R>(database.url, text, values);
  return {
    database,
    pool,
    query,
    clusterId,
    sql,
    async events(id) {
      const rows = await sql<{ type: string }>('SELECT type FROM tenant_events WHERE organization_id = $1 ORDER BY id', [id]);
      return rows.map(({ type }) => type);
    },
    async [Symbol.asyncDispose]() {
      await pool.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Does something while a transaction is held open after `before`, and until the something waits for its locks. */
export async function whileHolding<T>(
  master: FreshMaster,
  before: (query: Query) => Promise<unknown>,
  waiting: () => Promise<T>,
): Promise<T> {
  let result: Promise<T> | undefined;
  await master.pool.transaction(async (query) => {
    await before(query);
    result = waiting();
    const blocked = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await eventually(async () => (await master.sql(blocked)).length > 0, { timeoutMs: 1_500 });
  });
  if (result === undefined) throw new Error('nothing was begun');
  return result;
}

let studios = 0;

/** What an object of its own asks for; every call asks for other names. */
export function aRegistration(
  clusterId: string,
  { identity, claims }: { identity?: Partial<ObjectIdentity>; claims?: Partial<Claims> } = {},
): Registration {
  studios += 1;
  const name = `studio-${studios}`;
  return {
    identity: { uid: randomUUID(), clusterId, namespace: 'studios', name, ...identity },
    claims: { displayName: `Studio ${studios}`, subdomain: name, domains: [], ...claims },
    placement: { serverName: 'main', databaseHost: 'pg-main', databasePort: 5432 },
  };
}

/** Registers, or fails the test. */
export async function register(master: FreshMaster, registration: Registration): Promise<Organization> {
  const outcome = await registerOrganization(master.query, registration);
  if (outcome.kind !== 'registered') throw new Error(`not registered: ${outcome.kind}`);
  return outcome.organization;
}

/** bcrypt of nothing in particular, in the form that the schema asks for. */
export const A_HASH = `$2b$10$${'a'.repeat(53)}`;

export function someCredentials(changes: Partial<RecordedCredentials> = {}): RecordedCredentials {
  return {
    passwordHash: A_HASH,
    generation: 1,
    secretNamespace: 'studios',
    secretName: 'studio-database',
    secretResourceVersion: 'a-uid/1',
    ...changes,
  };
}

export const FREE_PLAN = { plan: 'free', monthlyAllowance: 100, trialDays: 0 } as const;

/** An organization that serves: registered, with everything recorded. */
export async function anActive(master: FreshMaster, registration?: Registration): Promise<Organization> {
  const { id, uid } = await register(master, registration ?? aRegistration(master.clusterId));
  const active = await recordOrganization(
    master.query,
    { id, uid },
    {
      credentials: someCredentials(),
      databaseOid: 16_000 + id,
      subscription: FREE_PLAN,
      status: 'active',
    },
  );
  if (active === undefined) throw new Error('the organization is gone');
  return active;
}
