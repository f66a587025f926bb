/**
 * The work on one tenant in one reconcile: the object, what it depends on, and memoized readers of the world.
 * Steps read through it, and `forget` what they changed, so that nothing is read twice and nothing stale is trusted.
 */
import type { Logger } from 'pino';

import { secretName } from '../api/names.ts';
import { SECRET } from '../api/resources.ts';
import type { PostgresServer } from '../api/postgres-server.ts';
import type { StudioTenant } from '../api/studio-tenant.ts';
import type { TenantPlan } from '../api/tenant-plan.ts';
import type { KubernetesObject } from '../api/object-meta.ts';
import type { SchemaRelease } from '../api/schema-release.ts';
import type { Kubernetes } from '../clients/kubernetes/kubernetes.ts';
import type { DatabasePool } from '../clients/postgres/database-pool.ts';
import type { TenantConfig } from '../config.ts';
import type { ConnectionSecret } from '../desired/connection-secret.ts';
import type { TenantFacts } from '../desired/postgres/facts.ts';
import { tenantDatabaseSpec, type TenantDatabaseSpec } from '../desired/postgres/spec.ts';
import { gatherOrganization, type OrganizationFacts } from '../master/gather.ts';
import type { Organization } from '../master/organization.ts';
import type { Clock } from '../runtime/clock.ts';
import type { EventRecorder } from '../runtime/event-recorder.ts';
import type { Semaphore } from '../runtime/semaphore.ts';
import type { ReadonlyStore } from '../runtime/store.ts';
import { gatherTenant } from '../servers/gather.ts';
import type { ServerSessions } from '../servers/server-sessions.ts';
import type { Servers } from '../servers/servers.ts';

/** What every tenant's work shares; made once in main.ts. */
export interface TenantDependencies {
  readonly config: TenantConfig;
  readonly clock: Clock;
  readonly kubernetes: Kubernetes;
  readonly events: EventRecorder;
  readonly master: DatabasePool;
  readonly servers: Servers;
  readonly caches: Caches;
  /** One registration at a time, so that two tenants never take a server's last place. */
  readonly placement: Semaphore;
  /** uid of namespace kube-system: which cluster's rows are ours. */
  readonly clusterId: string;
  /** Written into the comment of every role and database that is ours. */
  readonly installationId: string;
}

export interface Caches {
  readonly tenants: ReadonlyStore<StudioTenant>;
  readonly servers: ReadonlyStore<PostgresServer>;
  readonly plans: ReadonlyStore<TenantPlan>;
  readonly releases: ReadonlyStore<SchemaRelease>;
  readonly jobs: ReadonlyStore<KubernetesObject>;
  readonly ingresses: ReadonlyStore<KubernetesObject>;
  /** Metadata only: passwords stay out of the heap. */
  readonly secrets: ReadonlyStore<KubernetesObject>;
}

/** What a step may leave for the status to say, beside its condition. */
export interface StatusReport {
  schema?: NonNullable<NonNullable<StudioTenant['status']>['schema']>;
  /** The `retry` annotation's value that has been acted on. */
  handledRetry?: string;
}

type Source = 'organization' | 'server' | 'secret';

export class TenantWork {
  readonly tenant: StudioTenant;
  readonly dependencies: TenantDependencies;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Filled by steps, read by the status writer. */
  readonly report: StatusReport = {};
  /** Set when something about the login changed, so that the Login step proves it again. */
  loginChanged = false;

  #organization: Promise<OrganizationFacts> | undefined;
  #server: Promise<TenantFacts> | undefined;
  #secret: Promise<ConnectionSecret | undefined> | undefined;

  constructor(options: { tenant: StudioTenant; dependencies: TenantDependencies; log: Logger; signal: AbortSignal }) {
    this.tenant = options.tenant;
    this.dependencies = options.dependencies;
    this.log = options.log;
    this.signal = options.signal;
  }

  /** The tenant's rows in the master database, and the rows that stand in its way. One query. */
  organizationFacts(): Promise<OrganizationFacts> {
    this.#organization ??= this.#gatherOrganization();
    return this.#organization;
  }

  /** The tenant's organization; throws where a step runs before the Organization step has made it. */
  async organization(): Promise<Organization> {
    const { organization } = await this.organizationFacts();
    if (organization === undefined) throw new Error('the organization is read before it is registered');
    return organization;
  }

  /** Sessions on the PostgreSQL server the tenant was placed on. Throws Unavailable and ServerNotReady. */
  async sessions(): Promise<ServerSessions> {
    const { serverName } = await this.organization();
    return this.dependencies.servers.get(serverName);
  }

  /** Everything visible from outside about the tenant's roles and database. One query. */
  serverFacts(): Promise<TenantFacts> {
    this.#server ??= this.#gatherServer();
    return this.#server;
  }

  /** The connection Secret, read by name (the cache holds metadata only). */
  secret(): Promise<ConnectionSecret | undefined> {
    this.#secret ??= this.#readSecret();
    return this.#secret;
  }

  /** The plan as it is now, or undefined where none of that name exists. */
  plan(): TenantPlan | undefined {
    return this.dependencies.caches.plans.get(this.tenant.spec.plan);
  }

  /** What should exist on the server for this tenant. */
  async database(): Promise<TenantDatabaseSpec> {
    return tenantDatabaseSpec(this.tenant, this.plan(), await this.organization(), this.dependencies.installationId);
  }

  /** Drops what was read from a source, because it has just been changed. */
  forget(source: Source): void {
    if (source === 'organization') this.#organization = undefined;
    if (source === 'server') this.#server = undefined;
    if (source === 'secret') this.#secret = undefined;
  }

  async #gatherOrganization(): Promise<OrganizationFacts> {
    const { master, clusterId } = this.dependencies;
    const { uid, namespace, name } = this.tenant.metadata;
    return gatherOrganization((sql) => master.query(sql), { uid, clusterId, namespace, name });
  }

  async #gatherServer(): Promise<TenantFacts> {
    return gatherTenant(await this.sessions(), (await this.organization()).id);
  }

  #readSecret(): Promise<ConnectionSecret | undefined> {
    const { namespace, name } = this.tenant.metadata;
    return this.dependencies.kubernetes.get<ConnectionSecret>(SECRET, { namespace, name: secretName(name) });
  }
}
