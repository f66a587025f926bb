// A fresh cluster and a fresh PostgreSQL server with everything installed but tenants, and the operator when it is asked for. Separate
// from what is measured on it; everything that was started here is stopped here.

import { STUDIO_TENANT } from '../src/api/resources.ts';
import type { StudioTenant } from '../src/api/studio-tenant.ts';
import type { Store } from '../src/runtime/store.ts';
import { localCluster } from '../dev/cluster/local.ts';
import type { Environment } from '../dev/cluster/environment.ts';
import { timed, type StartedParts } from '../dev/cluster/started-parts.ts';
import { applyAdminSecret, applyInstallation, startInstalledOperator, type RunningOperator } from '../dev/demo/install.ts';
import { fittedSample, readSamples, sampleSettings } from '../dev/demo/samples.ts';
import { connectCluster, type Cluster } from '../dev/demo/kubernetes.ts';
import type { Manifest } from '../dev/demo/manifests.ts';
import { INSTALLATION } from '../dev/install/names.ts';
import { duration, say } from '../dev/progress.ts';
import { LOG_SETTINGS } from './postgres-log.ts';

export interface Stage {
  readonly cluster: Cluster;
  readonly postgres: { readonly superuserUrl: string; readonly adminUrl: string; readonly masterUrl: string; readonly logFile: string };
  readonly auditLog: string;
  readonly tenants: Store<StudioTenant>;
  /** Starts the operator and resolves once its process is there; it may not be ready yet. */
  startOperator(): Promise<RunningOperator>;
}

/** The same for every run. */
const HASTY: Readonly<Record<string, string>> = {
  ...LOG_SETTINGS,
  // Checkpoints in the middle of a short run would hit one side of a comparison and not the other.
  max_wal_size: '8GB',
  checkpoint_timeout: '1h',
  shared_buffers: '512MB',
  max_connections: '200',
};

/** As on a server that holds somebody's data: what is committed is on the disk. */
const DURABLE: Readonly<Record<string, string>> = { ...HASTY, fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' };

const BASE_DOMAIN = 'platform.localhost';
export const NAMESPACE = INSTALLATION.tenantNamespace;

/** The newest release is the one that unpinned tenants go to; the others would only add work to the measurement of it. */
const RELEASE = 'studio-2';
const KINDS: ReadonlySet<string> = new Set(['Namespace', 'Service', 'PostgresServer', 'TenantPlan']);

export interface StageOptions {
  readonly release: boolean;
  readonly noSync: boolean;
}

export const setStage = async (parts: StartedParts, { release, noSync }: StageOptions, signal: AbortSignal): Promise<Stage> => {
  const onStarted = (what: string, milliseconds: number): void => say(`${what}: ${duration(milliseconds)}`);
  const environment = parts.add(await localCluster.start({ postgresSettings: noSync ? HASTY : DURABLE, onStarted }));
  signal.throwIfAborted();
  const cluster = connectCluster(environment.kubeconfigPath, 'bench');
  parts.add({ stop: cluster.close });
  await timed('Installation', onStarted, async () => await install(cluster, environment, release));
  const following = new AbortController();
  parts.add({ stop: async () => following.abort() });
  const tenants = await cluster.follow<StudioTenant>(STUDIO_TENANT, NAMESPACE, following.signal);
  return {
    cluster,
    postgres: ownServer(environment),
    auditLog: present(environment.auditLog),
    tenants,
    startOperator: async () => parts.add(await startInstalledOperator(cluster, environment, await sampleSettings(BASE_DOMAIN))),
  };
};

const install = async (cluster: Cluster, environment: Environment, withRelease: boolean): Promise<void> => {
  await applyInstallation(cluster);
  await applyAdminSecret(cluster, environment.postgres);
  const isWanted = ({ kind, metadata }: Manifest): boolean =>
    KINDS.has(kind) || (withRelease && kind === 'SchemaRelease' && metadata.name === RELEASE);
  for (const manifest of [...(await readSamples()).values()].flat())
    if (isWanted(manifest)) await cluster.apply(fittedSample(manifest, environment, BASE_DOMAIN));
};

const ownServer = ({ postgres }: Environment): Stage['postgres'] => ({
  superuserUrl: present(postgres.superuserUrl),
  adminUrl: postgres.adminUrl,
  masterUrl: postgres.masterUrl,
  logFile: present(postgres.logFile),
});

const present = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('a cluster of our own has its logs and a superuser');
  return value;
};
