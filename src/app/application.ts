/*
 * The application as a whole: what it is made of, and in what order it begins and ends. Separate from the process
 * (app.ts), which knows arguments, signals and exit codes, so that tests can run several in one process.
 */
import type { Logger } from 'pino';

import { loadKubeConfig } from '../clients/kubernetes/kube-config.ts';
import { type HealthServer, startHealthServer } from '../health.ts';
import { createTenantRouting, mountedCredentials, type CredentialsProvider, type TenantRouting } from '../routing/index.ts';
import { kubernetesSecrets } from '../routing/kubernetes.ts';
import { openMasterDatabase } from './credits/master-database.ts';
import { type ApplicationMetrics, createApplicationMetrics } from './metrics/application-metrics.ts';
import { directoryHooks, poolEvents, routingHooks } from './routing-log.ts';
import { startServer } from './server.ts';
import { type ApplicationSettings, masterOptions } from './settings.ts';
import { webApplication } from './web.ts';

export interface ApplicationOptions {
  readonly settings: ApplicationSettings;
  readonly log: Logger;
  /** Where tenants' passwords come from; without it as the settings say. */
  readonly credentials?: CredentialsProvider;
}

export interface Application {
  /** What it listens at. */
  readonly port: number;
  /** Where /metrics is; undefined without METRICS_PORT. */
  readonly metricsPort: number | undefined;
  /** Says that it is not ready, finishes what it has, closes every connection. True when no request had to be cut off. */
  stop(): Promise<boolean>;
}

/** Resolves when it listens, which is before it is ready. Rejects when it cannot listen. */
export async function startApplication(options: ApplicationOptions): Promise<Application> {
  const { settings, log } = options;
  const state = { hasListened: false, isStopping: false };
  const metrics = createApplicationMetrics();
  const master = openMasterDatabase(masterOptions(settings), (error) => log.warn({ err: error }, 'connection to the master database lost'));
  const routing = tenantRouting(options, metrics);
  metrics.observeRouting(routing);
  const readiness = { hasListened: () => state.hasListened, isStopping: () => state.isStopping };
  await using closing = new AsyncDisposableStack();
  closing.defer(async () => void (await Promise.all([routing.close(), master.close()])));
  const metricsServer = await serveMetrics(options, metrics);
  if (metricsServer !== undefined) closing.use(metricsServer);
  const server = await startServer(webApplication({ routing, master, readiness, log, requests: metrics.requests }), {
    host: settings.listenHost,
    port: settings.listenPort,
    gracefulStopMs: settings.gracefulStop,
  });
  // It has begun: from here on `stop` closes, in the same order.
  const open = closing.move();
  void becomeReady(routing, log, () => {
    state.hasListened = true;
  });
  log.info({ port: server.port, metricsPort: metricsServer?.port, baseDomain: settings.baseDomain }, 'listening');
  return {
    port: server.port,
    metricsPort: metricsServer?.port,
    stop: async () => {
      state.isStopping = true;
      await new Promise((resolve) => setTimeout(resolve, settings.stopDelay));
      const inTime = await server.stop();
      await open.disposeAsync();
      return inTime;
    },
  };
}

/** On a port of its own: what the Ingress leads to must not show the platform's numbers to tenants' visitors. */
async function serveMetrics({ settings, log }: ApplicationOptions, { registry }: ApplicationMetrics): Promise<HealthServer | undefined> {
  const { metricsPort: port, listenHost: host } = settings;
  return port === undefined ? undefined : await startHealthServer({ host, port, log, metrics: registry, checks: { live: {}, ready: {} } });
}

function tenantRouting(
  { settings, log, credentials = credentialsFrom(settings) }: ApplicationOptions,
  { requests }: ApplicationMetrics,
): TenantRouting {
  const { baseDomain, minimumRelease, trustedProxies, maxPools, maxConnectionsPerTenant, maxConnectionsPerServer } = settings;
  return createTenantRouting({
    master: masterOptions(settings),
    baseDomain,
    credentials,
    minimumRelease,
    trustedProxies,
    hooks: routingHooks(log, requests.answered),
    directory: { applicationName: 'studio-app', hooks: directoryHooks(log) },
    pools: { maxPools, maxConnectionsPerTenant, maxConnectionsPerServer, applicationName: 'studio-app', onEvent: poolEvents(log) },
  });
}

function credentialsFrom({ credentialsDirectory, tenantNamespaces, kubeconfig }: ApplicationSettings): CredentialsProvider {
  if (credentialsDirectory !== undefined) return mountedCredentials({ directory: credentialsDirectory });
  return kubernetesSecrets({
    ...(kubeconfig !== undefined && { kubeConfig: loadKubeConfig({ path: kubeconfig }) }),
    namespaces: tenantNamespaces.length === 0 ? undefined : tenantNamespaces,
  });
}

/** The directory goes on trying by itself; here is only the moment when it has succeeded, or was closed before. */
async function becomeReady(routing: TenantRouting, log: Logger, isReady: () => void): Promise<void> {
  try {
    await routing.ready();
    isReady();
    log.info('ready');
  } catch (error) {
    log.warn({ err: error }, 'stopped before it was ready');
  }
}
