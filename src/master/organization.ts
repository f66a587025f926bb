/**
 * What the operator knows about one customer: a row of `organizations` with its domains, subscription
 * and credits, and the outcomes of the statements that change it. Types only, so that every layer above
 * can speak of an organization without importing a statement.
 */

/** `organizations.status`. `deleted` and `abandoned` rows are tombstones: see {@link Tombstone}. */
export const OrganizationStatus = {
  /** Registered; its database is being made, or it has come back. */
  Provisioning: 'provisioning',
  /** Serving. The only status for which an application should open connections. */
  Active: 'active',
  /** Everything is kept, connections are refused on request. */
  Suspended: 'suspended',
  /** Its object was deleted with policy Retain: closed, data and claims kept. */
  Retained: 'retained',
  /** Needs a person before it can serve. */
  Failed: 'failed',
  /** Erased: database dropped, names and claims gone. Final. */
  Deleted: 'deleted',
  /** Erased here, but its server was gone: the database itself could not be dropped. */
  Abandoned: 'abandoned',
} as const;
export type OrganizationStatus = (typeof OrganizationStatus)[keyof typeof OrganizationStatus];

/** The statuses of rows that still hold names, claims and data. */
export type LivingStatus = Exclude<OrganizationStatus, 'deleted' | 'abandoned'>;

/** Who an object is: the Kubernetes identity a row is found by. */
export interface ObjectIdentity {
  /** metadata.uid of the StudioTenant. */
  readonly uid: string;
  /** uid of the namespace kube-system of the cluster it lives in. */
  readonly clusterId: string;
  readonly namespace: string;
  readonly name: string;
}

/** Which row a change is meant for. A row whose uid has changed meanwhile is not touched. */
export interface OrganizationRef {
  readonly id: number;
  readonly uid: string;
}

/** What is unique over the platform, and the name people see. Hosts in any case; stored in lower case. */
export interface Claims {
  readonly displayName: string;
  readonly subdomain: string;
  readonly domains: readonly string[];
}

/** Where an organization's database is, and what its clients connect to. Chosen before any SQL is sent there. */
export interface Placement {
  /** Name of the PostgresServer. Stays as registered. */
  readonly serverName: string;
  /** What tenants connect to (PostgresServer spec.connect). */
  readonly databaseHost: string;
  readonly databasePort: number;
}

/** What the operator owns of a subscription; billing status and balance are the application's. */
interface Subscription {
  readonly plan: string;
  /** Credits given at the start of each period. A change counts from the next one. */
  readonly monthlyAllowance: number;
}

/** The password that is in force, as far as the master database knows it. */
export interface RecordedCredentials {
  /** bcrypt of the password in the Secret; proof only, never used to connect. */
  readonly passwordHash: string;
  /** 1 for the first password, +1 for each that follows. */
  readonly generation: number;
  readonly secretNamespace: string;
  readonly secretName: string;
  /** 'uid/resourceVersion' of the Secret that the hash was last compared with; saves a bcrypt. */
  readonly secretResourceVersion: string;
}

/** The subscription to make, or to bring to this plan and allowance. */
export interface WantedSubscription extends Subscription {
  /** Length of the trial in days, 0 for none; counts only when the subscription is made. */
  readonly trialDays: number;
}

/** The schema a database has been migrated to. */
export interface RecordedSchema {
  readonly release: string;
  readonly version: number;
}

/** One living row of `organizations` (status is neither deleted nor abandoned). */
export interface Organization extends ObjectIdentity, Claims, Placement {
  /** N, the number in studio_N_db. Never reused, never derived from counts. */
  readonly id: number;
  readonly status: LivingStatus;
  readonly databaseName: string;
  /** Once recorded, a missing database is lost: never create it again. */
  readonly databaseOid: number | null;
  readonly databasePasswordHash: string | null;
  /** 0 until the first password is recorded. Survives adoption, so the next one is always +1. */
  readonly credentialsGeneration: number;
  readonly secretNamespace: string | null;
  readonly secretName: string | null;
  readonly secretResourceVersion: string | null;
  readonly schemaRelease: string | null;
  readonly schemaVersion: number | null;
  /** When it first became active; null: never served yet. */
  readonly firstReadyAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** null until the subscription step has run. */
  readonly subscription: Subscription | null;
}

/** What is left of an erased organization: ids, oid and times, nothing that names anybody. */
export interface Tombstone {
  readonly id: number;
  readonly uid: string;
  readonly status: 'deleted' | 'abandoned';
  readonly databaseName: string;
  readonly serverName: string | null;
  readonly databaseOid: number | null;
  readonly createdAt: Date;
  readonly deletedAt: Date;
}

/** Everything the master database says about one object, from one query. */
export interface GatheredOrganization {
  /** The living row of this uid. */
  readonly organization: Organization | undefined;
  /** The newest tombstone of this uid: its deletion has been done. */
  readonly tombstone: Tombstone | undefined;
  /** The living row of the same cluster, namespace and name under another uid: retained, or a dead predecessor's. */
  readonly predecessor: Organization | undefined;
  /** The living row of the number asked for, whatever its name. */
  readonly requested: Organization | undefined;
}

/** Why claims could not be had. Nothing of the present holder is told. */
export type ClaimRefusal =
  | { readonly kind: 'subdomainTaken' }
  /** Those of the caller's own domains that another organization holds. */
  | { readonly kind: 'domainsTaken'; readonly domains: readonly string[] }
  /** The same cluster, namespace and name is held by a living row of another uid: gather again. */
  | { readonly kind: 'nameTaken' }
  /** This uid already has a living row (adopt, rebuild): gather again. */
  | { readonly kind: 'uidTaken' }
  /** The number is in use by another row (rebuild). */
  | { readonly kind: 'idTaken' }
  /** The master database belongs to another cluster's operator by now. */
  | { readonly kind: 'notOwner' };

/** Of `registerOrganization` and `rebuildOrganization`. */
export type RegisterOutcome = { readonly kind: 'registered'; readonly organization: Organization } | ClaimRefusal;

/** Of `changeClaims` and `adoptOrganization`. Gather again to see the result. */
export type ClaimOutcome =
  | { readonly kind: 'claimed' }
  /** There is no living row of that id and uid any more. */
  | { readonly kind: 'gone' }
  | ClaimRefusal;

/** One line of the drift sweep: enough to see that a tenant differs, without its hash. */
export type OrganizationSummary = Omit<Organization, 'databasePasswordHash' | 'secretNamespace' | 'secretName' | 'createdAt' | 'updatedAt'>;
