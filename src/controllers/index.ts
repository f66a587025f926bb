/**
 * The four controllers and what wakes them. Separate from the reconcilers, which never ask why they run, and from
 * main's composition, which need not know who watches whom.
 */
import type { Logger } from 'pino';

import { findCondition } from '../api/conditions.ts';
import type { KubernetesObject } from '../api/object-meta.ts';
import type { PostgresServer } from '../api/postgres-server.ts';
import type { Config } from '../config.ts';
import type { Metrics } from '../metrics.ts';
import { pause } from '../runtime/clock.ts';
import { Controller } from '../runtime/controller.ts';
import { type Reconciler, requestOfKey } from '../runtime/reconciler.ts';
import type { Store } from '../runtime/store.ts';
import type { TenantDependencies } from '../steps/tenant-work.ts';
import { planReconciler } from './plan.ts';
import { releaseReconciler, watchReleases } from './release.ts';
import { serverReconciler } from './server.ts';
import { tenantReconciler } from './tenant/reconcile.ts';
import { concernsController, wakeClaimants, watchTenants } from './tenant/triggers.ts';

export interface ControllersOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly dependencies: TenantDependencies;
}

export interface Controllers {
  /** Until the signal aborts and what was running has ended. */
  run(signal: AbortSignal): Promise<void>;
  /** A tenant that differs from what it should be. */
  enqueueDrifted(key: string): void;
  /** A tenant whose login is to be proven although nothing is known to have changed. */
  probe(key: string): void;
}

/** Thousands of tenants tell of one release: it is counted once for all that happens within this time. */
const RELEASE_PAUSE_MS = 1_000;

export function createControllers(options: ControllersOptions): Controllers {
  const { dependencies, metrics } = options;
  const { caches, clock, kubernetes } = dependencies;
  const proofs = new Set<string>();
  const tenants = controller('studiotenant', options, () =>
    tenantReconciler(dependencies, {
      metrics: metrics.tenants,
      released: (claims) => wakeClaimants(caches, enqueueTenant, claims),
      takeProofRequest: (key) => proofs.delete(key),
    }),
  );
  const enqueueTenant = (key: string, priority: 'change' | 'resync'): void => tenants.enqueue(requestOfKey(key), { priority });
  const plans = controller('tenantplan', options, () => planReconciler(caches.plans, kubernetes, clock));
  const servers = controller('postgresserver', options, () => serverReconciler(dependencies));
  const releases = controller('schemarelease', options, () => releaseReconciler(dependencies));

  watchOwn(caches.plans, plans);
  watchOwn(caches.servers, servers);
  watchTenants(dependencies, enqueueTenant);
  watchReleases(caches, { enqueueTenant, enqueueRelease: (key) => releases.enqueue(requestOfKey(key), { afterMs: RELEASE_PAUSE_MS }) });
  dependencies.migrations.onFreeSlot((key) => enqueueTenant(key, 'change'));
  return {
    async run(signal) {
      const before = [plans, servers, releases].map((each) => each.start(signal));
      await Promise.race([lookedAt(caches.servers), pause(clock, SERVERS_HEAD_START_MS, signal)]);
      await Promise.all([...before, tenants.start(signal)]);
    },
    enqueueDrifted: (key) => enqueueTenant(key, 'resync'),
    probe(key) {
      proofs.add(key);
      enqueueTenant(key, 'resync');
    },
  };
}

/** What looking at a server takes; one that does not answer holds up nobody for longer. */
const SERVERS_HEAD_START_MS = 3_000;

/**
 * Resolves when each server has been looked at as it is now. Without this moment's wait, every tenant that is there when
 * the operator starts would first be told that there is no server for it.
 */
function lookedAt(servers: Store<PostgresServer>): Promise<void> {
  const all = (): boolean =>
    servers.list().every(({ metadata, status }) => findCondition(status?.conditions, 'Ready')?.observedGeneration === metadata.generation);
  if (all()) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = servers.onChange(() => {
      if (!all()) return;
      stop();
      resolve();
    });
  });
}

/** Several servers at once: looking at one that does not answer takes as long as its timeouts. */
const WORKERS: Readonly<Record<string, number>> = { tenantplan: 1, postgresserver: 8, schemarelease: 1 };

function controller(name: string, { config, log, metrics }: ControllersOptions, reconcile: () => Reconciler): Controller {
  return new Controller({
    name,
    reconcile: reconcile(),
    log,
    workers: WORKERS[name] ?? config.tenantWorkers,
    reconcileTimeoutMs: config.reconcileTimeoutMs,
    stopTimeoutMs: config.gracefulStopMs,
    metrics: metrics.runtime.controller,
    queueMetrics: metrics.runtime.queue,
  });
}

/** Objects that were there before the controllers started are in the store already. */
function watchOwn<T extends KubernetesObject>(store: Store<T>, controlled: Controller): void {
  for (const object of store.list()) controlled.enqueue(object.metadata, { priority: 'resync' });
  store.onChange((_key, before, after) => {
    if (after !== undefined && concernsController(before, after)) controlled.enqueue(after.metadata);
  });
}
