/**
 * A whole installation for one test file: a control plane, PostgreSQL, somebody who runs pods, and the operator as a
 * child process with its own ServiceAccount's rights. Separate from kube.ts and postgres.ts, which speak of one of them:
 * the cluster-scoped kinds belong to one operator, so each file that runs one has a cluster of its own.
 */
import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { startControlPlane, type ControlPlane } from '../../dev/cluster/control-plane.ts';
import { applyInstallation } from '../../dev/demo/install.ts';
import { connectCluster, type Cluster } from '../../dev/demo/kubernetes.ts';
import { operatorImage } from '../../dev/pod-runner/images.ts';
import { startPodRunner } from '../../dev/pod-runner/pod-runner.ts';
import type { Policy } from '../../dev/pod-runner/behaviour.ts';
import { startPostgres, type PostgresServer } from '../../dev/postgres.ts';
import { API_VERSION } from '../../src/api/group.ts';
import { findCondition } from '../../src/api/conditions.ts';
import { POSTGRES_SERVER, SECRET, STUDIO_TENANT } from '../../src/api/resources.ts';
import type { KubernetesObject } from '../../src/api/object-meta.ts';
import type { StudioTenant } from '../../src/api/studio-tenant.ts';
import { loadKubeConfig } from '../../src/clients/kubernetes/kube-config.ts';
import type { ConnectionSecret } from '../../src/desired/connection-secret.ts';
import { eventually } from './eventually.ts';
import { type OperatorUnderTest, startOperatorUnderTest } from './operator-under-test.ts';
import { queryAs, type Row, withDatabase } from './postgres.ts';

export const TENANTS = 'studio-tenants';
export const SYSTEM = 'studio-system';
const IMAGE = 'studio-operator:dev';
const READY_TIMEOUT_MS = 60_000;

export interface StudioOptions {
  readonly postgres?: Parameters<typeof startPostgres>[0];
  readonly pods?: Policy;
}

export class Studio implements AsyncDisposable {
  readonly directory: string;
  readonly controlPlane: ControlPlane;
  readonly postgres: PostgresServer;
  readonly cluster: Cluster;
  readonly #stops: (() => Promise<unknown>)[];
  operator: OperatorUnderTest | undefined;

  private constructor(parts: {
    directory: string;
    controlPlane: ControlPlane;
    postgres: PostgresServer;
    cluster: Cluster;
    stops: (() => Promise<unknown>)[];
  }) {
    this.directory = parts.directory;
    this.controlPlane = parts.controlPlane;
    this.postgres = parts.postgres;
    this.cluster = parts.cluster;
    this.#stops = parts.stops;
  }

  /** With the definitions, the rights, a plan `free` and a PostgresServer `main`; the operator is started by the test. */
  static async start(options: StudioOptions = {}): Promise<Studio> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'studio-test-'));
    const [controlPlane, postgres] = await Promise.all([
      startControlPlane({ auditLog: path.join(directory, 'audit.log') }),
      startPostgres(options.postgres),
    ]);
    const pods = await startPodRunner({
      kubeConfig: loadKubeConfig({ path: controlPlane.kubeconfigPath }),
      images: { [IMAGE]: operatorImage() },
      ...(options.pods === undefined ? {} : { policy: options.pods }),
    });
    const cluster = connectCluster(controlPlane.kubeconfigPath, 'kubectl');
    const stops = [
      () => pods.stop(),
      () => cluster.close(),
      () => postgres.stop(),
      () => controlPlane.stop(),
      () => rm(directory, { recursive: true, force: true }),
    ];
    const studio = new Studio({ directory, controlPlane, postgres, cluster, stops });
    await applyInstallation(cluster);
    await studio.applyServer('main');
    await studio.apply('TenantPlan', 'free', { aiCredits: { monthlyAllowance: 100 }, database: { connectionLimit: 20 } });
    return studio;
  }

  /** STUDIO_TEST_LOGS names a directory that receives the operators' and the API server's logs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.operator?.stop();
    const logs = process.env['STUDIO_TEST_LOGS'];
    if (logs !== undefined) await cp(this.directory, path.join(logs, path.basename(this.directory)), { recursive: true });
    for (const stop of this.#stops) await stop();
  }

  /** Starts the operator, once more if it was stopped, and waits until it is ready. */
  async startOperator(settings: Readonly<Record<string, string>> = {}, program?: string): Promise<OperatorUnderTest> {
    const kubeconfig = path.join(this.directory, `${randomUUID()}.kubeconfig`);
    await this.cluster.writeServiceAccountKubeconfig({ namespace: SYSTEM, name: 'studio-operator' }, kubeconfig);
    this.operator = await startOperatorUnderTest({
      ...(program === undefined ? {} : { program }),
      logFile: path.join(this.directory, `operator-${randomUUID()}.log`),
      env: {
        KUBECONFIG: kubeconfig,
        MASTER_DATABASE_URL: this.postgres.masterUrl,
        OPERATOR_IMAGE: IMAGE,
        WATCH_NAMESPACES: TENANTS,
        POD_NAMESPACE: SYSTEM,
        // Long enough for a busy machine; a test that kills an operator waits this long, or does without the election.
        LEASE_DURATION: '15s',
        RENEW_DEADLINE: '10s',
        RETRY_PERIOD: '1s',
        ...settings,
      },
    });
    return this.operator;
  }

  /** As a person with kubectl; spec only, or with metadata. */
  async apply(kind: string, name: string, spec: object, metadata: object = {}): Promise<void> {
    const namespaced = kind === 'StudioTenant' ? { namespace: TENANTS } : {};
    await this.cluster.apply({ apiVersion: API_VERSION, kind, metadata: { name, ...namespaced, ...metadata }, spec });
  }

  /** A StudioTenant with the subdomain of its name. */
  async applyTenant(name: string, spec: object = {}, annotations: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.apply('StudioTenant', name, { displayName: name, subdomain: name, ...spec }, { annotations });
  }

  /** A PostgresServer at this installation's PostgreSQL, or at another address. */
  async applyServer(name: string, spec: object = {}, postgres: PostgresServer = this.postgres): Promise<void> {
    const { username, password } = new URL(postgres.adminUrl);
    await this.cluster.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `${name}-admin`, namespace: SYSTEM },
      stringData: { username, password },
    });
    await this.apply('PostgresServer', name, {
      host: postgres.host,
      port: postgres.port,
      adminSecretRef: { name: `${name}-admin` },
      tls: { mode: 'disable' },
      ...spec,
    });
  }

  async tenant(name: string): Promise<StudioTenant | undefined> {
    return await this.cluster.api.get<StudioTenant>(STUDIO_TENANT, { namespace: TENANTS, name });
  }

  /** Waits until the tenant is as `test` wants it, and returns it; the error tells how it was last. */
  async waitFor(name: string, test: (tenant: StudioTenant) => boolean, timeoutMs = READY_TIMEOUT_MS): Promise<StudioTenant> {
    return await eventually(
      async () => {
        const tenant = await this.tenant(name);
        if (tenant !== undefined && test(tenant)) return tenant;
        throw new Error(`${name} is ${JSON.stringify(tenant?.status ?? 'without a status', undefined, 1)}`);
      },
      { timeoutMs },
    );
  }

  /** Ready, and nothing under way, for the object as it is now. */
  async settled(name: string, timeoutMs?: number): Promise<StudioTenant> {
    return await this.waitFor(name, (tenant) => isSettled(tenant) && conditionOf(tenant, 'Ready') === 'True', timeoutMs);
  }

  /** Waits for a reason on a condition. */
  async reason(name: string, type: string, reason: string, timeoutMs?: number): Promise<StudioTenant> {
    return await this.waitFor(name, (tenant) => findCondition(tenant.status?.conditions, type)?.reason === reason, timeoutMs);
  }

  async serverReady(name: string): Promise<void> {
    await eventually(
      async () => {
        const server = await this.cluster.api.get<KubernetesObject & { status?: { conditions?: never } }>(POSTGRES_SERVER, { name });
        const ready = findCondition(server?.status?.conditions, 'Ready');
        if (ready?.status !== 'True') throw new Error(`server ${name} is ${JSON.stringify(server?.status)}`);
        return true;
      },
      { timeoutMs: READY_TIMEOUT_MS },
    );
  }

  /** Ready to lead is not leading. */
  async leads(operator: OperatorUnderTest): Promise<void> {
    const series = /^leader_election_master_status{.*} 1$/m;
    await eventually(async () => series.test(await operator.metrics()), { timeoutMs: READY_TIMEOUT_MS });
  }

  /** Whatever else is in the object stays as it is. */
  async annotateTenant(name: string, annotations: Readonly<Record<string, string>>): Promise<void> {
    await this.cluster.annotate(STUDIO_TENANT, { namespace: TENANTS, name }, annotations);
  }

  async deleteTenant(name: string): Promise<void> {
    await this.cluster.api.delete(STUDIO_TENANT, { namespace: TENANTS, name });
  }

  async gone(name: string, timeoutMs = READY_TIMEOUT_MS): Promise<void> {
    await eventually(
      async () => {
        const tenant = await this.tenant(name);
        if (tenant !== undefined) throw new Error(`${name} is still there: ${JSON.stringify(tenant.status, undefined, 1)}`);
        return true;
      },
      { timeoutMs },
    );
  }

  /** The connection Secret, as an application reads it. */
  async secret(name: string): Promise<Readonly<Record<string, string>>> {
    const secret = await this.cluster.api.get<ConnectionSecret>(SECRET, { namespace: TENANTS, name: `${name}-database` });
    return Object.fromEntries(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
  }

  /** A query as the tenant, with what its Secret says. */
  async asTenant<R extends Row = Row>(name: string, sql: string): Promise<readonly R[]> {
    const { uri } = await this.secret(name);
    if (uri === undefined) throw new Error(`${name} has no Secret`);
    return await queryAs<R>(uri, sql);
  }

  async master<R extends Row = Row>(sql: string, values: readonly unknown[] = []): Promise<readonly R[]> {
    return await queryAs<R>(withDatabase(this.postgres.superuserUrl, 'studio_platform_master'), sql, values);
  }

  async superuser<R extends Row = Row>(sql: string, database = 'postgres'): Promise<readonly R[]> {
    return await queryAs<R>(withDatabase(this.postgres.superuserUrl, database), sql);
  }

  /** The API server's audit log: one object per request. */
  async audit(): Promise<readonly AuditEntry[]> {
    const text = await readFile(path.join(this.directory, 'audit.log'), 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as AuditEntry);
  }
}

export interface AuditEntry {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly requestURI: string;
  readonly objectRef?: { readonly resource?: string; readonly namespace?: string; readonly name?: string; readonly subresource?: string };
  readonly responseStatus?: { readonly code?: number; readonly message?: string };
  readonly stageTimestamp: string;
}

export function conditionOf(tenant: StudioTenant, type: string): string | undefined {
  return findCondition(tenant.status?.conditions, type)?.status;
}

export function messageOf(tenant: StudioTenant, type: string): string | undefined {
  return findCondition(tenant.status?.conditions, type)?.message;
}

/** The status speaks of the object as it is, and nothing is under way. */
export function isSettled(tenant: StudioTenant): boolean {
  return tenant.status?.observedGeneration === tenant.metadata.generation && conditionOf(tenant, 'Reconciling') === 'False';
}
