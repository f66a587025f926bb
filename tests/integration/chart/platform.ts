/**
 * A cluster and a PostgreSQL server for one test file, with the chart installed by a real Helm and its pods run by the pod runner: with the
 * environment, the settings and the rights that the chart gives them. Separate from the other installations of the tests, which bring
 * their own Deployment.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { type ControlPlane, startControlPlane } from '../../../dev/cluster/control-plane.ts';
import { type Cluster, connectCluster } from '../../../dev/demo/kubernetes.ts';
import { CHART, helm, type HelmMajor, type HelmResult } from '../../../dev/helm.ts';
import { operatorImage } from '../../../dev/pod-runner/images.ts';
import { startPodRunner } from '../../../dev/pod-runner/pod-runner.ts';
import { type PostgresServer, startPostgres } from '../../../dev/postgres.ts';
import { API_VERSION } from '../../../src/api/group.ts';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import type { Resource } from '../../../src/api/resources.ts';
import type { StudioTenant } from '../../../src/api/studio-tenant.ts';
import { STUDIO_TENANT } from '../../../src/api/resources.ts';
import { loadKubeConfig } from '../../../src/clients/kubernetes/kube-config.ts';
import { eventually } from '../../support/eventually.ts';
import { type AuditEntry, conditionOf, isSettled, SYSTEM } from '../../support/studio.ts';

export const RELEASE = 'studio-operator';
/** The chart of the version before this one, as it was published. */
export const PREVIOUS_CHART = path.resolve(import.meta.dirname, '../../fixtures/charts/studio-operator-0.1.0-rc.1.tgz');
const IMAGES = ['studio-operator:0.1.0', 'studio-operator:0.1.0-rc.1'];
const WAIT_MS = 90_000;

export class Platform implements AsyncDisposable {
  readonly directory: string;
  readonly postgres: PostgresServer;
  readonly cluster: Cluster;
  readonly major: HelmMajor;
  readonly #controlPlane: ControlPlane;
  readonly #stops: readonly (() => Promise<unknown>)[];

  private constructor(
    parts: Pick<Platform, 'directory' | 'postgres' | 'cluster' | 'major'>,
    controlPlane: ControlPlane,
    podRunner: Stoppable,
  ) {
    this.directory = parts.directory;
    this.postgres = parts.postgres;
    this.cluster = parts.cluster;
    this.major = parts.major;
    this.#controlPlane = controlPlane;
    this.#stops = [
      () => podRunner.stop(),
      () => this.cluster.close(),
      () => this.postgres.stop(),
      () => controlPlane.stop(),
      () => rm(this.directory, { recursive: true, force: true }),
    ];
  }

  /** With what the administrator brings: the release's namespace, the Secret of the master database, the server's login. */
  static async start(major: HelmMajor, settings: Readonly<Record<string, string>> = {}): Promise<Platform> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'studio-chart-'));
    const [controlPlane, postgres] = await Promise.all([
      startControlPlane({ auditLog: path.join(directory, 'audit.log') }),
      startPostgres({ settings }),
    ]);
    const kubeConfig = loadKubeConfig({ path: controlPlane.kubeconfigPath });
    const podRunner = await startPodRunner({ kubeConfig, images: Object.fromEntries(IMAGES.map((image) => [image, operatorImage()])) });
    const cluster = connectCluster(controlPlane.kubeconfigPath, 'kubectl');
    const platform = new Platform({ directory, postgres, cluster, major }, controlPlane, podRunner);
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM } });
    const { username, password } = new URL(postgres.adminUrl);
    await platform.#secret('studio-operator-master', { url: postgres.masterUrl });
    await platform.#secret('postgres-main-admin', { username, password });
    return platform;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stop of this.#stops) await stop();
  }

  /** A server at this platform's PostgreSQL, as values have it. */
  get server(): object {
    const { host, port } = this.postgres;
    return { host, port, adminSecretRef: { name: 'postgres-main-admin' }, tls: { mode: 'disable' } };
  }

  /** Helm with this cluster, however it ends. */
  async helm(args: readonly string[], values: object = {}): Promise<HelmResult> {
    const { kubeconfigPath: kubeconfig } = this.#controlPlane;
    return await helm([...args, '--namespace', SYSTEM], { major: this.major, kubeconfig, input: JSON.stringify(values) });
  }

  /** `helm upgrade --install --wait` with values, which must succeed. */
  async install(
    values: object,
    { chart = CHART, wait = true }: { readonly chart?: string; readonly wait?: boolean } = {},
  ): Promise<string> {
    const waiting = wait ? ['--wait', '--timeout', '3m'] : [];
    return await this.mustHelm(['upgrade', '--install', RELEASE, chart, ...waiting, '--values', '-'], values);
  }

  async mustHelm(args: readonly string[], values: object = {}): Promise<string> {
    const { code, stdout, stderr } = await this.helm(args, values);
    if (code !== 0) throw new Error(`helm ${args.join(' ')} ended with ${code}: ${stderr}\n${await this.pods()}`);
    return stdout;
  }

  /** A StudioTenant with the subdomain of its name. */
  async applyTenant(name: string, { namespace = 'studio-tenants', annotations = {}, ...spec }: TenantOptions = {}): Promise<void> {
    const metadata = { name, namespace, annotations };
    await this.cluster.apply({
      apiVersion: API_VERSION,
      kind: 'StudioTenant',
      metadata,
      spec: { displayName: name, subdomain: name, ...spec },
    });
  }

  async tenant(name: string, namespace = 'studio-tenants'): Promise<StudioTenant | undefined> {
    return await this.cluster.api.get<StudioTenant>(STUDIO_TENANT, { namespace, name });
  }

  /** Until it is Ready and nothing is under way. */
  async settled(name: string, namespace?: string): Promise<StudioTenant> {
    return await eventually(
      async () => {
        const tenant = await this.tenant(name, namespace);
        if (tenant !== undefined && isSettled(tenant) && conditionOf(tenant, 'Ready') === 'True') return tenant;
        throw new Error(`${name} is ${JSON.stringify(tenant?.status, undefined, 1)}\n${await this.pods()}`);
      },
      { timeoutMs: WAIT_MS },
    );
  }

  async get(resource: Resource, name: string, namespace?: string): Promise<KubernetesObject | undefined> {
    return await this.cluster.api.get(resource, { name, ...(namespace === undefined ? {} : { namespace }) });
  }

  async list<T extends KubernetesObject>(path_: string): Promise<readonly T[]> {
    return (await this.cluster.api.raw<{ items: readonly T[] }>({ method: 'GET', path: path_ })).items;
  }

  /** What the pods of the release are doing, for errors. */
  async pods(): Promise<string> {
    const pods = await this.list<KubernetesObject & { status?: unknown }>(`/api/v1/namespaces/${SYSTEM}/pods`);
    return pods.map(({ metadata, status }) => `${metadata.name}: ${JSON.stringify(status)}`).join('\n');
  }

  /** The API server's audit log: one object per request. */
  async audit(): Promise<readonly AuditEntry[]> {
    const text = await readFile(path.join(this.directory, 'audit.log'), 'utf8');
    const lines = text.split('\n').slice(0, -1); // the last one may be half written
    return lines.map((line) => JSON.parse(line) as AuditEntry);
  }

  async #secret(name: string, stringData: Readonly<Record<string, string>>): Promise<void> {
    await this.cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: SYSTEM }, stringData });
  }
}

interface Stoppable {
  stop(): Promise<void>;
}

interface TenantOptions {
  readonly namespace?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}
