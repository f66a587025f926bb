/**
 * What the leader does, and nobody else: its sessions to PostgreSQL, the controllers, the drift sweep and the probes.
 * Separate from operator.ts, which a standby runs as well. Order of the end: controllers first, then sessions.
 */
import type { Logger } from 'pino';

import type { KubernetesObject } from './api/object-meta.ts';
import { NAMESPACE } from './api/resources.ts';
import { eventSink } from './clients/kubernetes/event-sink.ts';
import type { Kubernetes } from './clients/kubernetes/kubernetes.ts';
import { applicationName } from './clients/postgres/application-name.ts';
import type { Config } from './config.ts';
import { createControllers } from './controllers/index.ts';
import { probeTenants } from './controllers/tenant/probes.ts';
import { sweepTenants } from './controllers/tenant/sweep.ts';
import { MasterDatabase } from './master/master-database.ts';
import type { Metrics } from './metrics.ts';
import { backoffDelayMs } from './runtime/backoff.ts';
import { pause, systemClock } from './runtime/clock.ts';
import { EventBroadcaster } from './runtime/event-broadcaster.ts';
import type { Leadership } from './runtime/leader-election.ts';
import { loggedEvents } from './runtime/logged-events.ts';
import { Semaphore } from './runtime/semaphore.ts';
import { fence } from './servers/fence.ts';
import { createServers } from './servers/registry.ts';
import { HighestNumber } from './steps/highest-number.ts';
import { OwnWrites } from './steps/own-writes.ts';
import { PasswordHashes } from './steps/password-hashes.ts';
import { MigrationFleet } from './steps/schema-fleet.ts';
import type { Caches, TenantDependencies } from './steps/tenant-work.ts';

export interface LeaderOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly kubernetes: Kubernetes;
  readonly caches: Caches;
  readonly leadership: Leadership;
  readonly signal: AbortSignal;
}

/** Connections to the master database: a reconcile holds one for milliseconds, so a few serve many workers. */
const MASTER_CONNECTIONS = 8;
/** What opening takes where nothing is wrong, migrations included. */
const OPENING_HEAD_START_MS = 2_000;
const OPENING_BACKOFF = { baseMs: 1_000, maxMs: 30_000, jitter: 0.2 } as const;

/** Until the signal aborts (an orderly stop) or leadership is lost, which LeaderElector turns into an error. */
export async function lead(options: LeaderOptions): Promise<void> {
  const { config, log, metrics, kubernetes, caches, leadership, signal } = options;
  const ending = AbortSignal.any([signal, leadership.lost]);
  const clusterId = await readClusterId(kubernetes, ending, log);
  if (clusterId === undefined) return;
  const events = new EventBroadcaster({
    sink: eventSink(kubernetes),
    component: 'studio-operator',
    instance: config.identity,
    log,
    metrics: metrics.runtime.events,
  });
  const highestNumber = new HighestNumber();
  const master = masterDatabase(options, clusterId, () => highestNumber.forget());
  const servers = createServers({
    kubernetes,
    caches,
    config: config.tenant,
    applicationName: applicationName(leadership.identity),
    installationId: () => master.requireInstallationId(),
    assertWritable: () => leadership.assertLeading(),
    onStatement: (target, { kind, seconds }) => metrics.clients.sqlStatement(target, kind, seconds),
    log,
  });
  const dependencies = tenantDependencies(options, { clusterId, master, servers, highestNumber, events: loggedEvents(events, log) });
  await work({ ...options, signal: ending }, dependencies, master);
  await Promise.all([servers.end(), master.end(), events.flush()]);
}

type Parts = Pick<TenantDependencies, 'clusterId' | 'servers' | 'highestNumber' | 'events'> & { readonly master: MasterDatabase };

function tenantDependencies({ config, kubernetes, caches }: LeaderOptions, parts: Parts): TenantDependencies {
  const { jobs, releases } = caches;
  const { maxParallel } = config.tenant.migrations;
  return {
    ...parts,
    config: config.tenant,
    clock: systemClock,
    kubernetes,
    caches,
    migrations: new MigrationFleet({ kubernetes, jobs, releases, namespaces: config.watchNamespaces, maxParallel }),
    ownWrites: new OwnWrites(),
    hashes: new PasswordHashes(config.tenant.passwordHashCost),
    placement: new Semaphore(1),
    get installationId() {
      return parts.master.requireInstallationId();
    },
  };
}

async function work(options: LeaderOptions, dependencies: TenantDependencies, master: MasterDatabase): Promise<void> {
  const { config, log, metrics, caches, signal } = options;
  const controllers = createControllers({ config, log, metrics, dependencies });
  const opening = keepOpening(master, options);
  // A moment's wait saves every object a first attempt that could only fail; a master database that is away holds up nobody.
  await Promise.race([opening, pause(systemClock, OPENING_HEAD_START_MS, signal)]);
  await Promise.all([
    opening,
    controllers.run(signal),
    sweepTenants(dependencies, { enqueue: controllers.enqueueDrifted, log, metrics: metrics.tenants, signal }),
    probeTenants({ caches, clock: systemClock, intervalMs: config.tenant.probeIntervalMs, probe: controllers.probe, signal }),
  ]);
}

/** @param away called whenever the master database does not answer */
function masterDatabase({ config, log, metrics, leadership }: LeaderOptions, clusterId: string, away: () => void): MasterDatabase {
  const name = applicationName(leadership.identity);
  return new MasterDatabase({
    ...config.master,
    clusterId,
    applicationName: name,
    maxConnections: MASTER_CONNECTIONS,
    fence: async (query) => {
      const ended = await fence(query, { applicationName: name });
      if (ended > 0) log.info({ sessions: ended }, 'ended sessions of a former leader on the master database');
    },
    hooks: {
      assertWritable: () => leadership.assertLeading(),
      onStatement({ kind, seconds, outcome }) {
        metrics.clients.sqlStatement('master', kind, seconds);
        metrics.clients.masterUp(outcome !== 'unavailable');
        if (outcome === 'unavailable') away();
      },
      // A connection that cannot be made never comes to a statement.
      onFailure() {
        metrics.clients.masterUp(false);
        away();
      },
    },
    log,
  });
}

/** So that a master database which is away, or refuses, is in the log and the metrics although no tenant asks for it. */
async function keepOpening(master: MasterDatabase, { log, metrics, signal }: LeaderOptions): Promise<void> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      await master.open();
      metrics.clients.masterUp(true);
      return;
    } catch (error) {
      metrics.clients.masterUp(false);
      log.error({ err: error }, 'master database cannot be opened');
      await pause(systemClock, backoffDelayMs(OPENING_BACKOFF, failures), signal);
    }
  }
}

/** uid of the namespace kube-system: the nearest thing to the cluster's own name. Undefined when stopped meanwhile. */
async function readClusterId(kubernetes: Kubernetes, signal: AbortSignal, log: Logger): Promise<string | undefined> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      const namespace = await kubernetes.get<KubernetesObject>(NAMESPACE, { name: 'kube-system' }, { metadataOnly: true, signal });
      if (namespace !== undefined) return namespace.metadata.uid;
      log.error('namespace kube-system cannot be found');
    } catch (error) {
      if (!signal.aborted) log.error({ err: error }, 'namespace kube-system cannot be read');
    }
    await pause(systemClock, backoffDelayMs(OPENING_BACKOFF, failures), signal);
  }
  return undefined;
}
