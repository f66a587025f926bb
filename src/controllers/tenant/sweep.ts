/**
 * The drift sweep: one query per server tells everything visible from outside about all its tenants, one query on the
 * master database everything about their rows; only tenants that differ are queued. Separate from the reconciler, which
 * repairs: this only looks, so that a steady state costs a handful of queries whatever the number of tenants.
 */
import type { Logger } from 'pino';

import { ConditionType, isTrue } from '../../api/conditions.ts';
import { keyOf } from '../../api/object-meta.ts';
import type { StudioTenant } from '../../api/studio-tenant.ts';
import { claimsDiffer, claimsOf } from '../../desired/claims.ts';
import type { TenantFacts } from '../../desired/postgres/facts.ts';
import { tenantDatabaseSpec } from '../../desired/postgres/spec.ts';
import { subscriptionDiffers, wantedSubscription } from '../../desired/subscription.ts';
import { isSuspended } from '../../desired/suspension.ts';
import { gatherAll as gatherOrganizations } from '../../master/gather.ts';
import { type OrganizationSummary, OrganizationStatus } from '../../master/organization.ts';
import { pause } from '../../runtime/clock.ts';
import { gatherAll } from '../../servers/gather.ts';
import { differsOnServer } from '../../desired/postgres/drift.ts';
import { passOver } from '../../steps/highest-number.ts';
import { databaseRow, type TenantDependencies } from '../../steps/tenant-work.ts';
import type { SweepMetrics } from '../../steps/metrics.ts';

/** Until the signal aborts. Never throws: what cannot be reached is skipped, said once, and asked again next time. */
export async function sweepTenants(
  dependencies: TenantDependencies,
  options: { readonly enqueue: (key: string) => void; readonly log: Logger; readonly metrics: SweepMetrics; readonly signal: AbortSignal },
): Promise<void> {
  const { clock, config } = dependencies;
  while (!options.signal.aborted) {
    await pause(clock, config.sweepIntervalMs, options.signal);
    if (options.signal.aborted) return;
    const servers = dependencies.caches.servers.list().filter(({ status }) => isTrue(status?.conditions, 'Ready'));
    options.metrics.sweeping([MASTER, ...servers.map(({ metadata }) => metadata.name)]);
    const summaries = await attempt(MASTER, options, () => sweepMaster(dependencies, options.enqueue));
    if (summaries === undefined) continue;
    await Promise.all(
      servers.map(({ metadata }) =>
        attempt(metadata.name, options, () => sweepServer(dependencies, metadata.name, summaries.byServer, options.enqueue)),
      ),
    );
  }
}

/** What the master database is called among the servers that are swept. */
const MASTER = 'master';
const IN_MASTER = [ConditionType.Registered, ConditionType.SubscriptionReady, ConditionType.Routed] as const;
const ON_SERVER = [ConditionType.DatabaseReady] as const;

interface Swept {
  readonly drifted: number;
  /** Organizations that are served although no object that is watched asks for it: it is gone, or in a namespace that is not watched. */
  readonly withoutObject?: readonly number[];
}

async function attempt<T extends Swept>(
  target: string,
  { log, metrics }: { readonly log: Logger; readonly metrics: SweepMetrics },
  sweep: () => Promise<T>,
): Promise<T | undefined> {
  try {
    const swept = await sweep();
    metrics.swept(target, swept.drifted);
    if (swept.drifted > 0) log.info({ target, drifted: swept.drifted }, 'drift found');
    if (swept.withoutObject !== undefined) metrics.withoutObject(swept.withoutObject.length);
    if (swept.withoutObject?.length) log.warn({ organizations: swept.withoutObject }, 'organizations are served that have no object');
    return swept;
  } catch (error) {
    metrics.swept(target, undefined);
    log.warn({ target, err: error }, 'sweep failed');
    return undefined;
  }
}

type ByServer = ReadonlyMap<string, readonly OrganizationSummary[]>;

/** Rows that do not say what their object says, and objects without a row. */
async function sweepMaster(
  dependencies: TenantDependencies,
  enqueue: (key: string) => void,
): Promise<Swept & { readonly byServer: ByServer }> {
  const summaries = await gatherOrganizations((sql) => dependencies.master.query(sql), dependencies.clusterId);
  const byUid = new Map(summaries.map((summary) => [summary.uid, summary]));
  let drifted = 0;
  for (const tenant of settledTenants(dependencies.caches.tenants.list(), IN_MASTER)) {
    const summary = byUid.get(tenant.metadata.uid);
    if (summary !== undefined && !differsInMaster(dependencies, tenant, summary)) continue;
    drifted += 1;
    enqueue(keyOf(tenant));
  }
  const uids = new Set(dependencies.caches.tenants.list().map(({ metadata }) => metadata.uid));
  const withoutObject = summaries.filter(({ status, uid }) => status !== OrganizationStatus.Retained && !uids.has(uid)).map(({ id }) => id);
  return { drifted, withoutObject, byServer: Map.groupBy(summaries, ({ serverName }) => serverName) };
}

/**
 * Only tenants that are served: the others are being worked on, or wait for something that wakes them. And only what is
 * known to be as asked: a difference that needs a person is there in every sweep, and is looked at again by its own step.
 */
export function settledTenants(tenants: readonly StudioTenant[], known: readonly ConditionType[]): readonly StudioTenant[] {
  return tenants.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined && [ConditionType.Ready, ...known].every((type) => isTrue(status?.conditions, type)),
  );
}

function differsInMaster({ caches }: TenantDependencies, tenant: StudioTenant, summary: OrganizationSummary): boolean {
  const wanted = wantedSubscription(tenant, caches.plans.get(tenant.spec.plan));
  const status = isSuspended(tenant) ? OrganizationStatus.Suspended : OrganizationStatus.Active;
  const isSubscribed = wanted === undefined ? summary.subscription !== null : !subscriptionDiffers(wanted, summary.subscription);
  return summary.status !== status || !isSubscribed || claimsDiffer(claimsOf(tenant), summary);
}

async function sweepServer(
  dependencies: TenantDependencies,
  name: string,
  byServer: ByServer,
  enqueue: (key: string) => void,
): Promise<Swept> {
  const facts = await gatherAll(await dependencies.servers.get(name));
  const rows = byServer.get(name) ?? [];
  // A number that no row knows: the master database was restored from before it, and must not give it out again.
  const known = new Set(rows.map(({ id }) => id));
  const unknown = [...facts.keys()].filter((n) => !known.has(n));
  if (unknown.length > 0) await passOver((sql) => dependencies.master.query(sql), unknown);
  const summaries = new Map(rows.map((summary) => [summary.uid, summary]));
  let drifted = 0;
  for (const tenant of settledTenants(dependencies.caches.tenants.list(), ON_SERVER)) {
    const summary = summaries.get(tenant.metadata.uid);
    if (summary === undefined || !differs(dependencies, tenant, summary, facts.get(summary.id))) continue;
    drifted += 1;
    enqueue(keyOf(tenant));
  }
  return { drifted };
}

function differs(
  { caches, installationId }: TenantDependencies,
  tenant: StudioTenant,
  summary: OrganizationSummary,
  facts: TenantFacts | undefined,
): boolean {
  const spec = tenantDatabaseSpec(tenant, caches.plans.get(tenant.spec.plan), databaseRow(summary), installationId);
  return facts === undefined || differsOnServer(spec, facts);
}
