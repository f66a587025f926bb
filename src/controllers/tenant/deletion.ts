/**
 * Taking a tenant down, in an order that is safe to interrupt anywhere: no longer active, no migration, no connections,
 * the database by policy, its roles, its rows, and the finalizer last. Nothing is created here, and no Secret, Ingress
 * or Job is needed: they may be gone first.
 */
import { STUDIO_TENANT, CUSTOM_RESOURCE_DEFINITION } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/object-meta.ts';
import { GROUP } from '../../api/group.ts';
import { DeletionPolicy } from '../../api/studio-tenant.ts';
import { isForbidden } from '../../clients/kubernetes/errors.ts';
import { comingBack } from '../../desired/coming-back.ts';
import { type DeletionPlan, deletionPlan, isAbandoned } from '../../desired/deletion.ts';
import type { TenantFacts } from '../../desired/postgres/facts.ts';
import { type GatheredOrganization, type Organization, OrganizationStatus } from '../../master/organization.ts';
import { abandonOrganization, deleteOrganization, setStatus } from '../../master/organizations.ts';
import { Unavailable } from '../../runtime/unavailable.ts';
import { removeMigrator } from '../../servers/migrator.ts';
import { closeDatabase, dropDatabase, dropRoles } from '../../servers/removal.ts';
import { ServerNotReady } from '../../servers/servers.ts';
import { adopt } from '../../steps/adopt.ts';
import { removeFinalizer } from '../../steps/finalizer.ts';
import { rebuildIfFound } from '../../steps/register.ts';
import { removeMigrationJobs } from '../../steps/schema.ts';
import type { TenantWork } from '../../steps/tenant-work.ts';

/** What is left to do, or nothing. */
export type DeletionResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'waiting'; readonly reason: string; readonly message: string; readonly retryAfterMs: number };

/** Safe to repeat. Throws Unavailable, KubernetesError and SQL errors: tried again with backoff. */
export async function deleteTenant(work: TenantWork): Promise<DeletionResult> {
  if (!work.hasFinalizer) return done;
  const plan = deletionPlan(work.tenant, await isKindBeingDeleted(work));
  const outcome = await takeDownWhatIsThere(work, plan);
  if (outcome.kind === 'done') await removeFinalizer(work.dependencies.kubernetes, STUDIO_TENANT, work.tenant);
  return outcome;
}

const done: DeletionResult = { kind: 'done' };

async function takeDownWhatIsThere(work: TenantWork, plan: DeletionPlan): Promise<DeletionResult> {
  const gathered = await work.gathered();
  if (gathered.organization !== undefined) return takeDown(work, gathered.organization, plan);
  if (gathered.tombstone !== undefined) return done;
  const kept = plan.policy === DeletionPolicy.Delete ? keptBefore(work, gathered) : undefined;
  try {
    const organization = kept === undefined ? await rebuilt(work) : await takeUp(work, kept);
    return organization === undefined ? done : await takeDown(work, organization, plan);
  } catch (error) {
    if (!isServerAway(error)) throw error;
    return kept === undefined ? withoutRow(work) : withoutServer(work, kept);
  }
}

function keptBefore(work: TenantWork, gathered: GatheredOrganization): Organization | undefined {
  const back = comingBack(work.tenant, gathered, work.isAlive);
  return back?.kind === 'adopt' ? back.organization : undefined;
}

/** A row may be missing only because the master database was restored from before the tenant: then its data must not be forgotten. */
async function rebuilt(work: TenantWork): Promise<Organization | undefined> {
  await rebuildIfFound(work);
  return (await work.gathered()).organization;
}

/**
 * What was kept of an earlier object of this name, which this one was deleted too soon to take up: it is asked for to be
 * erased, and would otherwise stay without a word.
 */
async function takeUp(work: TenantWork, kept: Organization): Promise<Organization | undefined> {
  await adopt(work, kept);
  if (work.refusal !== undefined) work.note('Warning', work.refusal.reason, `What was kept is not erased. ${work.refusal.message}`);
  return (await work.gathered()).organization;
}

/** No row, and a server that may have the database gives no answer. */
function withoutRow(work: TenantWork): DeletionResult {
  const { name, server } = work.tenant.status?.database ?? {};
  if (name !== undefined && isAbandoned(work.tenant, name)) {
    noteAbandoned(work, name, server ?? '');
    return done;
  }
  return waiting(
    'ServerUnavailable',
    `The master database has no row for this tenant, and not every server can be asked for its database ${name ?? ''}. The deletion goes on when all answer. ` +
      `If its server is gone for good, set the annotation ${GROUP}/abandon-database: "${name ?? ''}".`,
    60_000,
  );
}

async function takeDown(work: TenantWork, organization: Organization, plan: DeletionPlan): Promise<DeletionResult> {
  if (organization.status !== OrganizationStatus.Retained) {
    work.organizationIs(await setStatus(work.queryMaster, organization, OrganizationStatus.Retained));
    announce(work, plan, organization);
  }
  if ((await endMigrations(work)) === 'waiting') {
    return waiting('MigrationEnding', 'Waiting until the migration Job and its pods are gone.', 2_000);
  }
  try {
    return await takeDownDatabase(work, organization, plan);
  } catch (error) {
    if (!isServerAway(error)) throw error;
    return withoutServer(work, organization);
  }
}

/**
 * A namespace that is being deleted has lost its Roles first: its Jobs and pods are the namespace controller's then, and
 * none of them can do anything once the database is closed to all.
 */
async function endMigrations(work: TenantWork): Promise<'gone' | 'waiting'> {
  try {
    return await removeMigrationJobs(work);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    work.log.warn('migrations are out of reach: no rights in the namespace, which may be going');
    return 'gone';
  }
}

function announce(work: TenantWork, { policy, overruled }: DeletionPlan, organization: Organization): void {
  if (overruled !== undefined) work.note('Warning', overruled.reason, overruled.message);
  if (organization.databaseOid === null) return;
  const kept = policy === DeletionPolicy.Retain ? 'closed and kept' : 'dropped';
  work.note('Normal', 'Deleting', `Database ${organization.databaseName} is being ${kept}`);
}

function isServerAway(error: unknown): boolean {
  return error instanceof ServerNotReady || (error instanceof Unavailable && error.system === 'server');
}

async function withoutServer(work: TenantWork, organization: Organization): Promise<DeletionResult> {
  const { databaseName, serverName } = organization;
  if (isAbandoned(work.tenant, databaseName)) {
    await abandonOrganization(work.queryMaster, organization);
    release(work, organization);
    noteAbandoned(work, databaseName, serverName);
    return done;
  }
  return waiting(
    'ServerUnavailable',
    `Server "${serverName}" cannot be used, so ${databaseName} can be neither closed nor dropped. The deletion goes on when it is back. ` +
      `If it is gone for good, set the annotation ${GROUP}/abandon-database: "${databaseName}".`,
    60_000,
  );
}

function noteAbandoned(work: TenantWork, database: string, server: string): void {
  const message = `Database ${database} on server "${server}" was given up: whether its data is gone is not known`;
  work.note('Warning', 'DatabaseAbandoned', message);
}

/** Throws ServerNotReady and Unavailable where the server cannot be used. */
async function takeDownDatabase(work: TenantWork, organization: Organization, { policy }: DeletionPlan): Promise<DeletionResult> {
  const [sessions, spec, facts] = await Promise.all([work.sessions(), work.database(), work.facts()]);
  if (facts.roles.migrator !== undefined) await removeMigrator(sessions, spec).catch((error: unknown) => goOnWithout(work, error));
  const closed = await closeDatabase(sessions, spec);
  if (closed.kind === 'ownerChanged') return waiting('OwnerChanged', closed.message, 60_000);
  const empty = holdsNothing(organization, facts);
  if (policy === DeletionPolicy.Retain && !empty) return done;
  const dropped = await dropDatabase(sessions, spec);
  if (dropped.kind === 'foreign' && !empty) return waiting('ForeignDatabase', dropped.message, 300_000);
  const roles = await dropRoles(sessions, spec);
  if (roles.kind !== 'dropped') return waiting('RolePinned', roles.message, 60_000);
  if (roles.pinnedIn.length > 0) {
    work.note(
      'Warning',
      'RolesWerePinned',
      `Roles of ${organization.databaseName} were held on purpose by objects in ${roles.pinnedIn.join(', ')}; they were cleared away`,
    );
  }
  await deleteOrganization(work.queryMaster, organization);
  release(work, organization);
  return done;
}

/** It goes with the tenant's other roles then: nothing that somebody did to it may hold up closing, or erasing, the data. */
function goOnWithout({ log }: TenantWork, error: unknown): void {
  if (isServerAway(error)) throw error;
  log.warn({ err: error }, 'the login of a migration could not be removed before the database is closed');
}

/**
 * It never came to a database that was set up: keeping the row would keep names and a number for nothing, and a half-made
 * database besides. One that is set up although it is not recorded belongs to a restored master database, and is kept.
 */
function holdsNothing({ databaseOid, firstReadyAt }: Organization, { database }: TenantFacts): boolean {
  return databaseOid === null && firstReadyAt === null && database?.mark?.init !== true;
}

function release(work: TenantWork, { subdomain, domains }: Organization): void {
  work.report.releasedClaims = [subdomain, ...domains];
}

async function isKindBeingDeleted(work: TenantWork): Promise<boolean> {
  const name = `${STUDIO_TENANT.plural}.${STUDIO_TENANT.group}`;
  const definition = await work.dependencies.kubernetes.get<KubernetesObject>(CUSTOM_RESOURCE_DEFINITION, { name }, { metadataOnly: true });
  return definition === undefined || definition.metadata.deletionTimestamp !== undefined;
}

function waiting(reason: string, message: string, retryAfterMs: number): DeletionResult {
  return { kind: 'waiting', reason, message, retryAfterMs };
}
