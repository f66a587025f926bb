/**
 * Step 2: the tenant's row in the master database. Identity gives N; unique indexes decide who has a subdomain or a
 * domain; the server is chosen and stored before any SQL runs there. A row that is already there is taken up again
 * (adopt.ts) rather than doubled.
 */
import { ConditionType } from '../api/conditions.ts';
import type { Claims, GatheredOrganization, Organization } from '../master/organization.ts';
import { connectAddress, type PostgresServer } from '../api/postgres-server.ts';
import { comingBack } from '../desired/coming-back.ts';
import { claimsDiffer, claimsOf, refusalOf, releasedClaims } from '../desired/claims.ts';
import { changeClaims, placeOrganization } from '../master/organizations.ts';
import { adopt } from './adopt.ts';
import { describeRefusal } from './refusals.ts';
import { registerTenant } from './register.ts';
import { defineStep, type Failed, StepName, type Verdict, type Waiting } from './step.ts';
import type { TenantWork } from './tenant-work.ts';

interface Observed {
  readonly gathered: GatheredOrganization;
  /** The server of the placed tenant, where its object still exists. */
  readonly server: PostgresServer | undefined;
}

type Change =
  | { readonly kind: 'register' }
  | { readonly kind: 'adopt'; readonly organization: Organization }
  | { readonly kind: 'claim'; readonly organization: Organization; readonly claims: Claims }
  | { readonly kind: 'endpoint'; readonly organization: Organization; readonly server: PostgresServer };

/** Servers wake who waits for them; a moment in which one gave no answer leaves no trace that could. */
const NOWHERE_RETRY_MS = 30_000;

export const organization = defineStep<TenantWork, Observed, Change>({
  name: StepName.Organization,
  condition: ConditionType.Registered,
  async observe(work) {
    const gathered = await work.gathered();
    const serverName = gathered.organization?.serverName;
    const server = serverName === undefined ? undefined : work.dependencies.caches.servers.get(serverName);
    return { gathered, server };
  },
  diff(work, { gathered, server }) {
    const row = gathered.organization;
    if (row === undefined) return diffUnregistered(work, gathered);
    return diffRegistered(work, row, server);
  },
  async apply(work, change) {
    if (change.kind === 'register') await registerTenant(work);
    else if (change.kind === 'adopt') await adopt(work, change.organization);
    else if (change.kind === 'claim') await claim(work, change.organization, change.claims);
    else await moveEndpoint(work, change.organization, change.server);
  },
});

function diffUnregistered(work: TenantWork, gathered: GatheredOrganization): Verdict<Change> {
  const refused = work.refusal ?? refusalOf(claimsOf(work.tenant), work.dependencies.config);
  if (refused !== undefined) return failed(refused, true);
  if (work.nowhere !== undefined) return { kind: 'waiting', ...work.nowhere, blocks: true, retryAfterMs: NOWHERE_RETRY_MS };
  const back = comingBack(work.tenant, gathered, work.isAlive);
  if (back?.kind === 'refused') return failed(back, true);
  if (back !== undefined) return { kind: 'outOfSync', change: back };
  if (work.plan() === undefined) return planNotFound(work, true);
  return { kind: 'outOfSync', change: { kind: 'register' } };
}

function diffRegistered(work: TenantWork, row: Organization, server: PostgresServer | undefined): Verdict<Change> {
  const served = row.firstReadyAt !== null;
  const claims = claimsOf(work.tenant);
  // Before the claims: applications connect by what the row says, however long a claim stays refused.
  if (server !== undefined && endpointDiffers(row, server)) {
    return { kind: 'outOfSync', change: { kind: 'endpoint', organization: row, server } };
  }
  const refused = work.refusal ?? refusalOf(claims, work.dependencies.config);
  if (refused !== undefined) return failed(refused, !served);
  if (claimsDiffer(claims, row)) return { kind: 'outOfSync', change: { kind: 'claim', organization: row, claims } };
  return diffPlacement(work, row, server) ?? { kind: 'inSync', message: `Organization ${row.id}` };
}

/** What the tenant asks of its server and plan that cannot be had now. */
function diffPlacement(work: TenantWork, row: Organization, server: PostgresServer | undefined): Failed | Waiting | undefined {
  const served = row.firstReadyAt !== null;
  const wanted = work.tenant.spec.database.server;
  if (wanted !== undefined && wanted !== row.serverName) return moveUnsupported(wanted, row.serverName, served);
  if (work.plan() === undefined) return planNotFound(work, !served);
  return server === undefined ? serverGone(row.serverName, served) : undefined;
}

function failed(refused: { readonly reason: string; readonly message: string }, blocks: boolean): Failed {
  return { kind: 'failed', reason: refused.reason, message: refused.message, blocks, retryAfterMs: 300_000 };
}

function planNotFound(work: TenantWork, blocks: boolean): Waiting {
  const name = work.tenant.spec.plan;
  const kept = blocks ? '' : ' Until then the last values stay.';
  return {
    kind: 'waiting',
    reason: 'PlanNotFound',
    message: `No TenantPlan is named "${name}". Create it, or correct spec.plan.${kept}`,
    blocks,
  };
}

function moveUnsupported(wanted: string, current: string, served: boolean): Failed {
  return {
    kind: 'failed',
    reason: 'MoveUnsupported',
    message: `The database lives on "${current}" and cannot be moved to "${wanted}" yet. Set spec.database.server back to "${current}", or remove it.`,
    blocks: !served,
  };
}

function serverGone(name: string, served: boolean): Waiting {
  return {
    kind: 'waiting',
    reason: 'ServerNotFound',
    message: `The PostgresServer "${name}" that holds this tenant's database has no object any more. Create it again.`,
    blocks: !served,
  };
}

function endpointDiffers(row: Organization, server: PostgresServer): boolean {
  const { host, port } = connectAddress(server.spec);
  return row.databaseHost !== host || row.databasePort !== port;
}

async function claim(work: TenantWork, row: Organization, claims: Claims): Promise<void> {
  const outcome = await changeClaims(work.queryMaster, row, claims);
  work.forget('organization');
  if (outcome.kind === 'claimed') {
    work.report.releasedClaims = releasedClaims(row, claims);
    return;
  }
  if (outcome.kind !== 'gone') work.refusal = describeRefusal(outcome, claims, work.dependencies.config.baseDomain);
}

async function moveEndpoint(work: TenantWork, row: Organization, server: PostgresServer): Promise<void> {
  const { host, port } = connectAddress(server.spec);
  const placement = { serverName: server.metadata.name, databaseHost: host, databasePort: port };
  await placeOrganization(work.queryMaster, row, placement);
  work.forget('organization');
}
