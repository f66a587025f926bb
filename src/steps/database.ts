/**
 * The tenant's database: made, opened, kept as asked, from outside and from inside.
 * Separate from the roles it is granted to, and from the login that proves both.
 */
import { ConditionType, findCondition } from '../api/conditions.ts';
import { type DatabaseChange, databaseChanges } from '../desired/postgres/database-changes.ts';
import type { TenantFacts } from '../desired/postgres/facts.ts';
import { type InsideChange, insideChanges, type InsideFacts } from '../desired/postgres/inside.ts';
import type { TenantDatabaseSpec } from '../desired/postgres/spec.ts';
import { recordDatabase } from '../master/organizations.ts';
import { makeDatabase, repairDatabase, takeBackDatabase } from '../servers/database.ts';
import { applyInsideChange, gatherInside } from '../servers/inside.ts';
import { AppliedChanges, notTaken } from './applied-changes.ts';
import { defineStep, StepName, type Verdict } from './step.ts';
import type { TenantWork } from './tenant-work.ts';

type AnyChange = DatabaseChange | InsideChange;

interface Observed {
  readonly spec: TenantDatabaseSpec;
  readonly facts: TenantFacts;
  /** Undefined where the outside differs still, or nothing asks for a look inside. */
  readonly inside: InsideFacts | undefined;
  /** Whether the tenant was ever served: then a new wish that fails does not take it down. */
  readonly serves: boolean;
  readonly applied: AnyChange | undefined;
}

interface Change {
  readonly spec: TenantDatabaseSpec;
  readonly facts: TenantFacts;
  readonly change: AnyChange;
}

/** Schema work in progress uses the login that work inside would use. */
const MIGRATION_RETRY_MS = 5_000;

const applied = new AppliedChanges<AnyChange>();

export const database = defineStep<TenantWork, Observed, Change>({
  name: StepName.Database,
  condition: ConditionType.DatabaseReady,
  async observe(work) {
    const [spec, facts, organization] = await Promise.all([work.database(), work.facts(), work.organization()]);
    const look = databaseChanges(spec, facts).kind === 'inSync' && looksInside(work, spec, organization.firstReadyAt !== null);
    const inside = look ? await gatherInside(await work.sessions(), spec) : undefined;
    return { spec, facts, inside, serves: organization.firstReadyAt !== null, applied: applied.last(work) };
  },
  diff(_work, { spec, facts, inside, serves, applied: last }): Verdict<Change> {
    const decision = decide(spec, facts, inside, serves);
    if (decision.kind !== 'outOfSync') return decision;
    const { change } = decision;
    if (change.kind === 'createExtensions' && facts.roles.migrator !== undefined) return waitForMigration;
    const refused = 'statements' in change ? notTaken(change, last, change.statements) : undefined;
    return refused ?? { kind: 'outOfSync', change: { spec, facts, change } };
  },
  async apply(work, { spec, facts, change }) {
    await applyChange(work, { spec, facts, change });
    applied.remember(work, change);
    work.forget('server');
  },
});

const waitForMigration: Verdict<never> = {
  kind: 'waiting',
  reason: 'MigrationRunning',
  message: 'Extensions are added when the migration that is running has ended.',
  blocks: false,
  retryAfterMs: MIGRATION_RETRY_MS,
};

function decide(spec: TenantDatabaseSpec, facts: TenantFacts, inside: InsideFacts | undefined, serves: boolean) {
  const outside = databaseChanges(spec, facts);
  if (outside.kind !== 'inSync' || inside === undefined) return outside;
  return insideChanges(spec, inside, serves);
}

/**
 * It costs a connection. Not needed for a database that was set up in this very reconcile, unless it wants extensions:
 * some may not have been possible. Of a tenant that is Ready, or is still on its way there, only a change of its spec, a
 * finding that may have been mended, or the slow probe asks for it.
 */
function looksInside(work: TenantWork, spec: TenantDatabaseSpec, served: boolean): boolean {
  if (applied.last(work)?.kind === 'make') return spec.extensions.length > 0;
  if (work.loginChanged || (served && !work.wasReady)) return true;
  const { metadata, status } = work.tenant;
  const known = findCondition(status?.conditions, ConditionType.DatabaseReady);
  // Of its own generation: a pass that ended before this step has seen the new spec, and this step has not.
  return known?.status !== 'True' || known.observedGeneration !== metadata.generation;
}

async function applyChange(work: TenantWork, { spec, facts, change }: Change): Promise<void> {
  const sessions = await work.sessions();
  switch (change.kind) {
    case 'make':
      await makeDatabase(sessions, { spec, facts, from: change.from, record: (oid) => record(work, oid) });
      work.loginChanged = true;
      return;
    case 'record':
      return record(work, change.oid);
    case 'repair':
      return repairDatabase(sessions, change.statements);
    case 'takeBack':
      return takeBackDatabase(sessions, spec.n, change.owner);
    case 'mendGrants':
    case 'createExtensions':
      return applyInsideChange(sessions, spec, change);
  }
}

async function record(work: TenantWork, oid: string): Promise<void> {
  work.organizationIs(await recordDatabase(work.queryMaster, await work.organization(), Number(oid)));
}
