/*
 * Acting on a tenant's database from outside: making it, mending it, taking it back. Separate from the comparison and the
 * statements, which are pure. Every function may be interrupted anywhere and called again with what is observed then.
 */
import { databaseName } from '../api/names.ts';
import { joined, quoteIdentifier } from '../clients/postgres/sql.ts';
import type { DatabaseChange } from '../desired/postgres/database-changes.ts';
import { claimDatabase, claimedDatabase, createDatabase, openDatabase, setUpInside } from '../desired/postgres/database-statements.ts';
import type { DatabaseFacts, TenantFacts } from '../desired/postgres/facts.ts';
import { grantMembership } from '../desired/postgres/role-change.ts';
import type { TenantDatabaseSpec } from '../desired/postgres/spec.ts';
import { inSlot } from './busy.ts';
import { extensionStatements } from './inside.ts';
import { runAsShard } from './roles.ts';
import type { ServerSessions } from './server-sessions.ts';

export interface Making {
  readonly spec: TenantDatabaseSpec;
  readonly facts: TenantFacts;
  /** How far an earlier attempt came. */
  readonly from: Extract<DatabaseChange, { kind: 'make' }>['from'];
  /** Remembers the oid, before anything is put into the database. */
  readonly record: (oid: string) => Promise<void>;
}

/** Nobody but the operator can connect until the last of the statements. */
export async function makeDatabase(sessions: ServerSessions, { spec, facts, from, record }: Making): Promise<void> {
  if (from === 'nothing') await inSlot(sessions.createSlots, () => sessions.slow.query(createDatabase(spec)));
  const database = from === 'claimed' ? requireDatabase(facts) : await claim(sessions, spec, facts.operatorRole);
  if (spec.databaseOid === undefined) await record(database.oid);
  await sessions.inside(database.name, async (query) => query(setUpInside(spec, await extensionStatements(query, spec))));
  await sessions.control.query(openDatabase(spec, facts, database));
}

async function claim({ control }: ServerSessions, spec: TenantDatabaseSpec, operatorRole: string): Promise<DatabaseFacts> {
  const [row] = await control.query<{ readonly oid: string }>(claimDatabase(spec));
  if (row === undefined) throw new Error('a database that was just claimed is not there');
  return claimedDatabase(spec, row.oid, operatorRole);
}

function requireDatabase({ database }: TenantFacts): DatabaseFacts {
  if (database === undefined) throw new Error('a claimed database is set up before it is there');
  return database;
}

export async function repairDatabase({ control }: ServerSessions, statements: readonly string[]): Promise<void> {
  await control.query(joined(statements, 'repair-database'));
}

/** From a role of the tenant's own: the operator inherits it for a moment, and so may act as the owner. */
export async function takeBackDatabase(sessions: ServerSessions, n: number, owner: string): Promise<void> {
  const { operatorRole } = sessions;
  const lend = grantMembership({ role: owner, member: operatorRole, inherit: true, set: false });
  await runAsShard(sessions, n, { text: lend, kind: 'lend-owner' });
  try {
    const text = `ALTER DATABASE ${quoteIdentifier(databaseName(n))} OWNER TO ${quoteIdentifier(operatorRole)}`;
    await sessions.control.query({ text, kind: 'take-back-database' });
  } finally {
    const revoke = `REVOKE ${quoteIdentifier(owner)} FROM ${quoteIdentifier(operatorRole)} CASCADE`;
    await runAsShard(sessions, n, { text: revoke, kind: 'take-back-owner' });
  }
}
