/**
 * Making the row of a tenant that has none: looked for on the servers first, then placed and registered.
 * Separate from the Organization step because it is the only place that chooses a server, one tenant at a time.
 */
import { ANNOTATION } from '../api/annotations.ts';
import { connectAddress, type PostgresServer } from '../api/postgres-server.ts';
import { isTrue } from '../api/conditions.ts';
import type { StudioTenantStatus } from '../api/studio-tenant.ts';
import { claimsOf, type Refusal } from '../desired/claims.ts';
import { placeTenant } from '../desired/placement.ts';
import type { Placement, RegisterOutcome } from '../master/organization.ts';
import { rebuildOrganization, registerOrganization } from '../master/organizations.ts';
import { countOrganizations } from '../master/servers.ts';
import { Unavailable } from '../runtime/unavailable.ts';
import { findDatabaseByUid } from '../servers/gather.ts';
import { ServerNotReady } from '../servers/servers.ts';
import { describeRefusal } from './refusals.ts';
import type { TenantWork } from './tenant-work.ts';

/** Sets `work.nowhere` or `work.refusal` where it could not be. */
export async function registerTenant(work: TenantWork): Promise<void> {
  const { found, away } = await findOnServers(work);
  const lost = work.tenant.status?.database;
  if (found === undefined && lost?.oid !== undefined) {
    work.refusal = databaseLost(lost);
    return;
  }
  // Counting and registering are one act: of two tenants only one gets a server's last place.
  const outcome = await work.dependencies.placement.run(
    () => (found === undefined ? registerNew(work, away) : rebuild(work, found)),
    work.signal,
  );
  work.forget('organization');
  if (outcome === undefined) return;
  if (outcome.kind === 'registered') work.organizationIs(outcome.organization);
  else if (outcome.kind === 'idTaken' && found !== undefined) work.refusal = numberTaken(found.n);
  else work.refusal = describeRefusal(outcome, claimsOf(work.tenant), work.dependencies.config.baseDomain);
}

/** The object says that it had data: an empty database must not take its place only because nobody remembers where it is. */
function databaseLost({ name, server }: NonNullable<StudioTenantStatus['database']>): Refusal {
  return {
    reason: 'DatabaseLost',
    message:
      `The master database has no row for this tenant, and no PostgresServer has its database, which was "${name ?? ''}" on "${server ?? ''}". ` +
      'Create the PostgresServer again that has it, or restore the database with its comment, and it is taken up again. ' +
      'If the data is gone for good: delete this StudioTenant and create it again; it then starts empty.',
  };
}

/** After a restored master database gave the number away once more, or an adoption that was cut off. */
function numberTaken(n: number): Refusal {
  return {
    reason: 'OrganizationInUse',
    message:
      `The database studio_${n}_db is this tenant's, but the master database has given organization ${n} to another StudioTenant. ` +
      `Delete that one (deletionPolicy Retain) if it exists, then set the annotation ${ANNOTATION.adoptOrganization}: "${n}" here.`,
  };
}

/** For a deletion: only what has a database on a server gets its row back. */
export async function rebuildIfFound(work: TenantWork): Promise<void> {
  const { found } = await findOnServers(work);
  if (found === undefined) return;
  const outcome = await rebuild(work, found);
  work.forget('organization');
  if (outcome.kind === 'registered') work.organizationIs(outcome.organization);
}

interface Found {
  readonly server: PostgresServer;
  readonly n: number;
  readonly oid: number;
}

interface Search {
  readonly found: Found | undefined;
  /** Servers that gave no answer: no tenant is placed there, or it would be bound to a dead one. */
  readonly away: ReadonlySet<string>;
}

/**
 * A database whose comment carries this uid, although the master database has no row: the master database was restored
 * from a backup older than the tenant. Servers that are not Ready are passed over, unless the object says that it had a
 * database: then its data must not be replaced by an empty one, and the search waits for every server.
 */
async function findOnServers(work: TenantWork): Promise<Search> {
  const hadDatabase = work.tenant.status?.database?.oid !== undefined;
  const away = new Set<string>();
  for (const server of work.dependencies.caches.servers.list()) {
    if (!hadDatabase && !isTrue(server.status?.conditions, 'Ready')) continue;
    const database = await findOn(work, server).catch((error: unknown) => {
      if (hadDatabase || !isAway(error)) throw error;
      away.add(server.metadata.name);
      return undefined;
    });
    if (database !== undefined) return { found: { server, n: database.n, oid: database.oid }, away };
  }
  return { found: undefined, away };
}

async function findOn(work: TenantWork, { metadata }: PostgresServer): Promise<{ readonly n: number; readonly oid: number } | undefined> {
  const sessions = await work.dependencies.servers.get(metadata.name);
  await work.dependencies.highestNumber.secure(sessions, work.queryMaster);
  return findDatabaseByUid(sessions, work.tenant.metadata.uid);
}

/** A server that has just gone away must not hold up a new tenant, which goes to another. */
function isAway(error: unknown): boolean {
  return error instanceof ServerNotReady || (error instanceof Unavailable && error.system === 'server');
}

async function rebuild(work: TenantWork, found: Found): Promise<RegisterOutcome> {
  work.note(
    'Warning',
    'OrganizationRebuilt',
    `The master database had no row for studio_${found.n}_db; it was rebuilt from the database's mark`,
  );
  return rebuildOrganization(work.queryMaster, {
    identity: work.identity,
    claims: claimsOf(work.tenant),
    placement: placementOn(found.server),
    id: found.n,
    databaseOid: found.oid,
  });
}

async function registerNew(work: TenantWork, away: ReadonlySet<string>): Promise<RegisterOutcome | undefined> {
  const wish = { server: work.tenant.spec.database.server, selector: work.plan()?.spec.database.serverSelector, away };
  const counts = await countOrganizations(work.queryMaster);
  const placing = placeTenant(wish, work.dependencies.caches.servers.list(), counts);
  if (placing.kind === 'nowhere') {
    work.nowhere = { reason: placing.reason, message: placing.message };
    return undefined;
  }
  return registerOrganization(work.queryMaster, {
    identity: work.identity,
    claims: claimsOf(work.tenant),
    placement: placementOn(placing.server),
  });
}

function placementOn(server: PostgresServer): Placement {
  const { host, port } = connectAddress(server.spec);
  return { serverName: server.metadata.name, databaseHost: host, databasePort: port };
}
