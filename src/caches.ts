/**
 * The informers: what of the cluster the operator keeps in memory, and how little of it. Separate from main.ts because
 * which objects are watched, and trimmed to what, is a decision of its own: passwords and managedFields stay out.
 */
import type { Logger } from 'pino';

import { LABELS, MANAGED_BY_LABELS } from './api/group.ts';
import type { KubernetesObject } from './api/object-meta.ts';
import { INGRESS, JOB, POSTGRES_SERVER, type Resource, SCHEMA_RELEASE, SECRET, STUDIO_TENANT, TENANT_PLAN } from './api/resources.ts';
import type { PostgresServer } from './api/postgres-server.ts';
import type { SchemaRelease } from './api/schema-release.ts';
import type { StudioTenant } from './api/studio-tenant.ts';
import type { TenantPlan } from './api/tenant-plan.ts';
import type { Kubernetes } from './clients/kubernetes/kubernetes.ts';
import { listWatches } from './clients/kubernetes/list-watch.ts';
import type { Ingress } from './desired/ingress.ts';
import type { Job } from './desired/migration-run.ts';
import { Informer } from './runtime/informer.ts';
import type { ReflectorMetrics } from './runtime/metrics.ts';
import type { Caches } from './steps/tenant-work.ts';

export interface CachesOptions {
  readonly kubernetes: Kubernetes;
  readonly namespaces: readonly string[] | '*';
  readonly metrics: ReflectorMetrics;
  readonly log: Logger;
}

export interface Informers {
  readonly caches: Caches;
  /** Until the signal aborts; never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when every first list is in; rejects with the signal's reason. */
  waitForSync(signal: AbortSignal): Promise<void>;
  /** The longest time since any informer heard from the API server, in milliseconds. */
  silentMs(): number;
}

const OURS = `${LABELS.managedBy}=${MANAGED_BY_LABELS[LABELS.managedBy]}`;

interface Watched<T> {
  readonly labelSelector?: string;
  readonly metadataOnly?: boolean;
  /** The rights on it are given by namespace, and a miss in the cache is never taken for absence. */
  readonly isOwned?: boolean;
  readonly transform?: (object: T) => T;
}

export function createInformers(options: CachesOptions): Informers {
  const informers: Informer<never>[] = [];
  const watch = <T extends KubernetesObject>(
    resource: Resource,
    { transform, isOwned = false, ...selection }: Watched<T> = {},
  ): Informer<T> => {
    const informer = new Informer<T>({
      name: resource.plural,
      listWatches: listWatches<T>(options.kubernetes, resource, options.namespaces === '*' ? undefined : options.namespaces, selection),
      log: options.log,
      metrics: options.metrics,
      goesOnWithoutRights: isOwned,
      transform,
    });
    informers.push(informer as unknown as Informer<never>);
    return informer;
  };
  const caches: Caches = {
    tenants: watch<StudioTenant>(STUDIO_TENANT).store,
    servers: watch<PostgresServer>(POSTGRES_SERVER).store,
    plans: watch<TenantPlan>(TENANT_PLAN).store,
    releases: watch<SchemaRelease>(SCHEMA_RELEASE).store,
    jobs: watch<Job>(JOB, { labelSelector: OURS, isOwned: true, transform: trimJob }).store,
    ingresses: watch<Ingress>(INGRESS, { labelSelector: OURS, isOwned: true, transform: trimIngress }).store,
    secrets: watch<KubernetesObject>(SECRET, { labelSelector: OURS, isOwned: true, metadataOnly: true }).store,
  };
  return {
    caches,
    run: async (signal) => void (await Promise.all(informers.map((informer) => informer.run(signal)))),
    waitForSync: async (signal) => void (await Promise.all(informers.map((informer) => informer.waitForSync(signal)))),
    silentMs: () => Math.max(0, ...informers.map((informer) => informer.silentMs)),
  };
}

/** The pod template is never looked at again: a Job is told by its metadata and how it went. */
function trimJob({ apiVersion, kind, metadata, status }: Job): Job {
  return { apiVersion, kind, metadata, ...(status === undefined ? {} : { status }) };
}

/** The status is the controller's, and changes for its own reasons. */
function trimIngress({ apiVersion, kind, metadata, spec }: Ingress): Ingress {
  return { apiVersion, kind, metadata, spec };
}
