/**
 * The work on one tenant in one reconcile: the object, what it depends on, and memoized readers of the world.
 * Steps read through it, and forget or replace what they changed, so that nothing is read twice and nothing stale is trusted.
 */
import type { Logger } from 'pino';

import { ANNOTATION, annotationOf } from '../api/annotations.ts';
import { isTrue } from '../api/conditions.ts';
import { FINALIZER } from '../api/group.ts';
import { ingressName, secretName } from '../api/names.ts';
import { type KubernetesObject, keyOf } from '../api/object-meta.ts';
import type { PostgresServer } from '../api/postgres-server.ts';
import { INGRESS, SECRET } from '../api/resources.ts';
import type { SchemaRelease } from '../api/schema-release.ts';
import type { StudioTenant, StudioTenantStatus } from '../api/studio-tenant.ts';
import type { TenantPlan } from '../api/tenant-plan.ts';
import type { Kubernetes } from '../clients/kubernetes/kubernetes.ts';
import type { DatabasePool } from '../clients/postgres/database-pool.ts';
import type { Query } from '../clients/postgres/sql.ts';
import type { TenantConfig } from '../config.ts';
import type { Refusal } from '../desired/claims.ts';
import type { ConnectionSecret } from '../desired/connection-secret.ts';
import type { Ingress } from '../desired/ingress.ts';
import type { Job } from '../desired/migration-run.ts';
import { isOwnedBy } from '../desired/owner-reference.ts';
import type { TenantFacts } from '../desired/postgres/facts.ts';
import { tenantDatabaseSpec, type TenantDatabaseSpec } from '../desired/postgres/spec.ts';
import { gatherOrganization } from '../master/gather.ts';
import { type OrganizationRecord, recordOrganization, withRecord } from '../master/record.ts';
import type { GatheredOrganization, ObjectIdentity, Organization } from '../master/organization.ts';
import type { Clock } from '../runtime/clock.ts';
import type { EventRecorder } from '../runtime/event-recorder.ts';
import type { Semaphore } from '../runtime/semaphore.ts';
import type { Store } from '../runtime/store.ts';
import { gatherTenant } from '../servers/gather.ts';
import type { ServerSessions } from '../servers/server-sessions.ts';
import { ServerNotReady, type Servers } from '../servers/servers.ts';
import type { HighestNumber } from './highest-number.ts';
import type { OwnWrites } from './own-writes.ts';
import type { PasswordHashes } from './password-hashes.ts';
import type { MigrationFleet } from './schema-fleet.ts';

/** What every tenant's work shares; made once in main.ts. */
export interface TenantDependencies {
  readonly config: TenantConfig;
  readonly clock: Clock;
  readonly kubernetes: Kubernetes;
  readonly events: EventRecorder;
  readonly master: DatabasePool;
  readonly servers: Servers;
  readonly caches: Caches;
  readonly hashes: PasswordHashes;
  readonly ownWrites: OwnWrites;
  readonly highestNumber: HighestNumber;
  readonly migrations: MigrationFleet;
  /** One registration at a time, so that two tenants never take a server's last place. */
  readonly placement: Semaphore;
  /** uid of namespace kube-system: which cluster's rows are ours. */
  readonly clusterId: string;
  /** Written into the comment of every role and database that is ours. */
  readonly installationId: string;
}

export interface Caches {
  readonly tenants: Store<StudioTenant>;
  readonly servers: Store<PostgresServer>;
  readonly plans: Store<TenantPlan>;
  readonly releases: Store<SchemaRelease>;
  readonly jobs: Store<Job>;
  readonly ingresses: Store<Ingress>;
  /** Metadata only: passwords stay out of the heap. */
  readonly secrets: Store<KubernetesObject>;
}

/** What steps leave for the status and for the controller, beside their conditions. */
export interface Report {
  schema?: NonNullable<StudioTenantStatus['schema']>;
  /** The `retry` annotation's value that has been acted on. */
  handledRetry?: string | undefined;
  /** Subdomains and domains given up: tenants that wait for them are woken. */
  releasedClaims: readonly string[];
}

export interface TenantWorkOptions {
  readonly tenant: StudioTenant;
  readonly dependencies: TenantDependencies;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Prove the login although nothing is known to have changed. */
  readonly proveLogin?: boolean;
}

export class TenantWork {
  readonly tenant: StudioTenant;
  readonly dependencies: TenantDependencies;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly report: Report = { releasedClaims: [] };

  /** Why a claim was refused in this reconcile: it is not tried again in it. */
  refusal: Refusal | undefined;
  /** Why no server could take the tenant in this reconcile. */
  nowhere: Refusal | undefined;
  hasFinalizer: boolean;
  /** Something about the login changed, so that the Login step proves it again. */
  loginChanged: boolean;
  /** A login has succeeded in this reconcile. */
  loginProven = false;
  /** The password has been set from the Secret in this reconcile. */
  passwordSet = false;

  #isNamedInLog = false;
  #gathered: Promise<GatheredOrganization> | undefined;
  #pending: OrganizationRecord | undefined;
  #facts: Promise<TenantFacts> | undefined;
  #secret: Promise<ConnectionSecret | undefined> | undefined;
  #ingress: Promise<Ingress | undefined> | undefined;

  constructor(options: TenantWorkOptions) {
    this.tenant = options.tenant;
    this.dependencies = options.dependencies;
    this.log = options.log;
    this.signal = options.signal;
    this.loginChanged = options.proveLogin ?? false;
    this.hasFinalizer = (options.tenant.metadata.finalizers ?? []).includes(FINALIZER);
  }

  get identity(): ObjectIdentity {
    const { uid, namespace, name } = this.tenant.metadata;
    return { uid, clusterId: this.dependencies.clusterId, namespace: namespace ?? '', name };
  }

  /** Ready when this reconcile began, as the object says. */
  get wasReady(): boolean {
    return isTrue(this.tenant.status?.conditions, 'Ready');
  }

  readonly queryMaster: Query = (sql) => this.dependencies.master.query(sql);

  /** Whether a StudioTenant with this uid exists. */
  readonly isAlive = (uid: string): boolean => this.dependencies.caches.tenants.list().some((tenant) => tenant.metadata.uid === uid);

  /** The tenant's rows in the master database, and the rows that stand in its way. One query. */
  gathered(): Promise<GatheredOrganization> {
    this.#gathered ??= gatherOrganization(this.queryMaster, this.identity, requestedOrganization(this.tenant));
    return this.#gathered;
  }

  /** The tenant's organization. Throws where a step runs before the Organization step has made it. */
  async organization(): Promise<Organization> {
    const { organization } = await this.gathered();
    if (organization === undefined) throw new Error('the organization is read before it is registered');
    this.#nameInLog(organization);
    return organization;
  }

  /** What of the organization is known; reads nothing that could not be read. */
  async knownOrganization(): Promise<Organization | undefined> {
    try {
      return (await this.#gathered)?.organization;
    } catch {
      return undefined;
    }
  }

  /**
   * Has something written into the tenant's row, together with whatever else this reconcile writes there: by `flush`, in
   * one statement. From here on the organization reads as if it had been written.
   */
  async record(record: OrganizationRecord): Promise<void> {
    const organization = await this.organization();
    this.#pending = { ...this.#pending, ...record };
    this.organizationIs(withRecord(organization, record, this.dependencies.clock.now()));
  }

  /** Writes what is to be recorded, if anything is. */
  async flush(): Promise<void> {
    if (this.#pending === undefined) return;
    const record = this.#pending;
    const organization = await this.organization();
    this.#pending = undefined;
    // Until the statement has run, what it was to write is not known to be so.
    this.#gathered = undefined;
    const written = await recordOrganization(this.queryMaster, organization, record);
    if (written === undefined) throw new Error('the organization was taken away while it was being worked on');
    this.organizationIs(written);
  }

  /** Takes what a statement returned, so that it need not be read again. Undefined (the row is gone): reads again. */
  organizationIs(organization: Organization | undefined): void {
    this.#gathered =
      organization === undefined
        ? undefined
        : Promise.resolve({ organization, tombstone: undefined, predecessor: undefined, requested: undefined });
  }

  /** The server's object. Throws ServerNotReady where it is gone. */
  server(organization: Organization): PostgresServer {
    const server = this.dependencies.caches.servers.get(organization.serverName ?? '');
    if (server !== undefined) return server;
    throw new ServerNotReady('ServerNotFound', `There is no PostgresServer "${organization.serverName ?? ''}" any more.`);
  }

  /** Sessions on the server that the tenant was placed on. Throws Unavailable and ServerNotReady. */
  async sessions(): Promise<ServerSessions> {
    const { serverName } = await this.organization();
    return this.dependencies.servers.get(serverName ?? '');
  }

  /** Everything visible from outside about the tenant's roles and database. One query. */
  facts(): Promise<TenantFacts> {
    this.#facts ??= this.#gatherFacts();
    return this.#facts;
  }

  /** What should exist on the server for this tenant. */
  async database(): Promise<TenantDatabaseSpec> {
    return tenantDatabaseSpec(this.tenant, this.plan(), databaseRow(await this.organization()), this.dependencies.installationId);
  }

  /** The connection Secret. The cache, which holds metadata only, tells whether reading it is worth while. */
  secret(): Promise<ConnectionSecret | undefined> {
    if (this.#secret !== undefined) return this.#secret;
    const key = keyOf({ metadata: { ...this.tenant.metadata, name: secretName(this.tenant.metadata.name) } });
    if (this.dependencies.caches.secrets.get(key) === undefined) return Promise.resolve(undefined);
    return this.readSecretByName();
  }

  /** Past the cache: a miss there is no proof of absence. */
  readSecretByName(): Promise<ConnectionSecret | undefined> {
    const { namespace, name } = this.tenant.metadata;
    this.#secret = this.dependencies.kubernetes.get<ConnectionSecret>(SECRET, { namespace, name: secretName(name) });
    return this.#secret;
  }

  /** The connection Secret where it is this tenant's own: what is in anybody else's is no password of ours. */
  async ownSecret(): Promise<ConnectionSecret | undefined> {
    const secret = await this.secret();
    return secret !== undefined && isOwnedBy(secret, this.tenant) ? secret : undefined;
  }

  /** What the operator has just written, or that there is none. */
  secretIs(secret: ConnectionSecret | undefined): void {
    if (secret !== undefined) this.dependencies.ownWrites.note(secret);
    this.#secret = Promise.resolve(secret);
  }

  /** The tenant's Ingress, from the cache or, where that has none, by name. */
  ingress(): Promise<Ingress | undefined> {
    this.#ingress ??= this.#readIngress();
    return this.#ingress;
  }

  /** What the operator has just written, or that there is none. */
  ingressIs(ingress: Ingress | undefined): void {
    if (ingress !== undefined) this.dependencies.ownWrites.note(ingress);
    this.#ingress = Promise.resolve(ingress);
  }

  /** The plan, or undefined where none of that name exists. */
  plan(): TenantPlan | undefined {
    return this.dependencies.caches.plans.get(this.tenant.spec.plan);
  }

  /** Drops what was read, because it has just been changed. */
  forget(source: 'organization' | 'server'): void {
    if (source === 'organization') this.#gathered = undefined;
    else this.#facts = undefined;
  }

  note(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.dependencies.events.record(this.tenant, { type, reason, message });
  }

  /** From here on every line about this reconcile says whose it is, the controller's own included. */
  #nameInLog({ id }: Organization): void {
    if (this.#isNamedInLog) return;
    this.#isNamedInLog = true;
    this.log.setBindings({ organization: id });
  }

  async #gatherFacts(): Promise<TenantFacts> {
    return gatherTenant(await this.sessions(), await this.database());
  }

  async #readIngress(): Promise<Ingress | undefined> {
    const { namespace, name } = this.tenant.metadata;
    const request = { namespace, name: ingressName(name) };
    const cached = this.dependencies.caches.ingresses.get(`${namespace ?? ''}/${request.name}`);
    return cached ?? this.dependencies.kubernetes.get<Ingress>(INGRESS, request);
  }
}

/** The columns that say what should exist on the server. */
export function databaseRow({ id, uid, databaseOid }: Pick<Organization, 'id' | 'uid' | 'databaseOid'>) {
  return { id, uid, databaseOid: databaseOid === null ? undefined : String(databaseOid) };
}

/** What `adopt-organization` asks for; a value that is no id asks for one that cannot exist. */
function requestedOrganization(tenant: StudioTenant): number | undefined {
  const value = annotationOf(tenant, ANNOTATION.adoptOrganization);
  if (value === undefined) return undefined;
  return /^[1-9][0-9]{0,9}$/.test(value) ? Number(value) : 0;
}
