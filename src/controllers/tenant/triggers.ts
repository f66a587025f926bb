/**
 * What wakes a tenant: its own object, and everything it depends on or owns. Separate from the reconciler, which never
 * asks why it runs. The operator's own status writes wake nobody.
 */
import { isDeepStrictEqual } from 'node:util';

import { ANNOTATION, annotationOf } from '../../api/annotations.ts';
import { FINALIZER } from '../../api/group.ts';
import { type KubernetesObject, keyOf, type ObjectMeta } from '../../api/object-meta.ts';
import type { PostgresServer } from '../../api/postgres-server.ts';
import { STUDIO_TENANT } from '../../api/resources.ts';
import type { StudioTenant } from '../../api/studio-tenant.ts';
import type { TenantPlan } from '../../api/tenant-plan.ts';
import type { ChangeOrigin } from '../../runtime/store.ts';
import type { Caches, TenantDependencies } from '../../steps/tenant-work.ts';

export type Enqueue = (key: string, priority: 'change' | 'resync') => void;

/** The verbs that people write, plus what pauses: a change of any of them is a wish. */
const VERBS = Object.values(ANNOTATION).filter((key) => key !== ANNOTATION.appliedHash);

/** Pure: whether a change of the object itself is somebody else's. */
export function concernsController(before: KubernetesObject | undefined, after: KubernetesObject): boolean {
  if (before === undefined || before.metadata.uid !== after.metadata.uid) return true;
  const [old, current] = [before.metadata, after.metadata];
  return (
    old.generation !== current.generation ||
    old.deletionTimestamp !== current.deletionTimestamp ||
    // Ours, taken away by somebody else; that we have added it is no news.
    (holds(old) && !holds(current)) ||
    VERBS.some((verb) => old.annotations?.[verb] !== current.annotations?.[verb])
  );
}

const holds = ({ finalizers }: ObjectMeta): boolean => (finalizers ?? []).includes(FINALIZER);

/** The answer to our own write may come later than the event of it; repairing half a second later harms nobody. */
const OWN_WRITE_MS = 500;

/** Wires the caches to the queue; tenants that were there before are in the store already. */
export function watchTenants({ caches, ownWrites, clock }: TenantDependencies, enqueue: Enqueue): void {
  for (const tenant of caches.tenants.list()) enqueue(keyOf(tenant), 'resync');
  caches.tenants.onChange((key, before, after, origin) => {
    if (after === undefined) {
      wakeHeirs(caches, enqueue);
      // Gone without a word before: see unguarded-deletions.ts.
      if (before?.metadata.deletionTimestamp === undefined) enqueue(key, 'change');
    } else if (concernsController(before, after)) enqueue(key, priorityOf(origin));
  });
  caches.plans.onChange((_key, before, after) => planChanged(caches, enqueue, before, after));
  caches.servers.onChange((_key, before, after) => serverChanged(caches, enqueue, before, after));
  caches.jobs.onChange((_key, before, after, origin) => ownedChanged(enqueue, after ?? before, origin));
  for (const owned of [caches.secrets, caches.ingresses]) {
    owned.onChange((_key, before, after, origin) => {
      if (after === undefined || origin === 'list') ownedChanged(enqueue, after ?? before, origin);
      else if (!ownWrites.has(after)) {
        void clock.sleep(OWN_WRITE_MS).then(() => (ownWrites.has(after) ? undefined : ownedChanged(enqueue, after, origin)));
      }
    });
  }
}

const priorityOf = (origin: ChangeOrigin): 'change' | 'resync' => (origin === 'watch' ? 'change' : 'resync');

/** Tenants that wait to adopt the organization of one that is gone now. */
function wakeHeirs(caches: Caches, enqueue: Enqueue): void {
  for (const tenant of caches.tenants.list()) {
    const waits = annotationOf(tenant, ANNOTATION.adoptOrganization) !== undefined && tenant.status?.organizationId === undefined;
    if (waits) enqueue(keyOf(tenant), 'change');
  }
}

/** By owner reference; the tenant may be gone by then, which its reconcile notices. */
function ownedChanged(enqueue: Enqueue, object: KubernetesObject | undefined, origin: ChangeOrigin): void {
  if (object === undefined) return;
  const owner = (object.metadata.ownerReferences ?? []).find(({ kind, controller }) => controller === true && kind === STUDIO_TENANT.kind);
  if (owner !== undefined) enqueue(keyOf({ metadata: { ...object.metadata, name: owner.name } }), priorityOf(origin));
}

function planChanged(caches: Caches, enqueue: Enqueue, before: TenantPlan | undefined, after: TenantPlan | undefined): void {
  if (before !== undefined && after !== undefined && isDeepStrictEqual(before.spec, after.spec)) return;
  const name = (after ?? before)?.metadata.name;
  for (const tenant of caches.tenants.list()) if (tenant.spec.plan === name) enqueue(keyOf(tenant), 'resync');
}

/** Those that live on the server, and those that wait for a place anywhere. */
function serverChanged(caches: Caches, enqueue: Enqueue, before: PostgresServer | undefined, after: PostgresServer | undefined): void {
  const name = (after ?? before)?.metadata.name;
  if (before !== undefined && after !== undefined && !differs(before, after)) return;
  for (const tenant of caches.tenants.list()) if (isPlacedOn(tenant, name) !== false) enqueue(keyOf(tenant), 'resync');
}

/** Undefined: it has no place yet. */
function isPlacedOn({ status }: StudioTenant, server: string | undefined): boolean | undefined {
  const placed = status?.database?.server;
  return placed === undefined ? undefined : placed === server;
}

/** The count of databases in a server's status changes with every tenant and concerns none. */
function differs(before: PostgresServer, after: PostgresServer): boolean {
  const of = ({ metadata, spec, status }: PostgresServer): unknown => [
    metadata.uid,
    metadata.deletionTimestamp,
    metadata.labels,
    spec,
    status?.identity,
    status?.conditions?.map(({ type, status: value }) => [type, value]),
  ];
  return !isDeepStrictEqual(of(before), of(after));
}

/** Tenants that ask for a subdomain or domain that has just been given up, and are not the ones that gave it up. */
export function wakeClaimants(caches: Caches, enqueue: Enqueue, claims: readonly string[]): void {
  if (claims.length === 0) return;
  const free = new Set(claims);
  for (const tenant of caches.tenants.list()) {
    const wanted = [tenant.spec.subdomain, ...tenant.spec.ingress.customDomains];
    if (wanted.some((claim) => free.has(claim.toLowerCase()))) enqueue(keyOf(tenant), 'change');
  }
}
