/*
 * The application as a whole: what it is made of, and in what order it begins and ends. Separate from the process
 * (app.ts), which knows arguments, signals and exit codes, so that tests can run several in one process.
 */
import type { Logger } from 'pino';

import { loadKubeConfig } from '../clients/kubernetes/kube-config.ts';
import { createTenantRouting, mountedCredentials, type CredentialsProvider, type TenantRouting } from '../routing/index.ts';
import { kubernetesSecrets } from '../routing/kubernetes.ts';
import { openMasterDatabase } from './credits/master-database.ts';
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
  /** Says that it is not ready, finishes what it has, closes every connection. True when no request had to be cut off. */
  stop(): Promise<boolean>;
}

/** Resolves when it listens, which is before it is ready. Rejects when it cannot listen. */
export async function startApplication(options: ApplicationOptions): Promise<Application> {
  const { settings, log } = options;
  const state = { hasListened: false, isStopping: false };
  const master = openMasterDatabase(masterOptions(settings), (error) => log.warn({ err: error }, 'connection to the master database lost'));
  const routing = tenantRouting(options);
  const readiness = { hasListened: () => state.hasListened, isStopping: () => state.isStopping };
  const close = async (): Promise<unknown> => await Promise.all([routing.close(), master.close()]);
  const server = await startServer(webApplication({ routing, master, readiness, log }), {
    host: settings.listenHost,
    port: settings.listenPort,
    gracefulStopMs: settings.gracefulStop,
  }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  void becomeReady(routing, log, () => {
    state.hasListened = true;
  });
  log.info({ port: server.port, baseDomain: settings.baseDomain }, 'listening');
  return {
    port: server.port,
    stop: async () => {
      state.isStopping = true;
      await new Promise((resolve) => setTimeout(resolve, settings.stopDelay));
      const inTime = await server.stop();
      await close();
      return inTime;
    },
  };
}

function tenantRouting({ settings, log, credentials = credentialsFrom(settings) }: ApplicationOptions): TenantRouting {
  const { baseDomain, minimumRelease, trustedProxies, maxPools, maxConnectionsPerTenant, maxConnectionsPerServer } = settings;
  return createTenantRouting({
    master: masterOptions(settings),
    baseDomain,
    credentials,
    minimumRelease,
    trustedProxies,
    hooks: routingHooks(log),
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
