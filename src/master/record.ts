/**
 * Records what was done for an organization. Separate from organizations.ts because all of it is one statement:
 * any number of things can be recorded at once, and a fresh tenant is completed in one round trip.
 */
import type { Query } from '../clients/postgres/sql.ts';
import {
  type LivingStatus,
  type Organization,
  type OrganizationRef,
  OrganizationStatus,
  type Placement,
  type RecordedCredentials,
  type RecordedSchema,
  type WantedSubscription,
} from './organization.ts';
import { RECORD } from './record-sql.ts';
import { statement } from './statement.ts';

/** What to record; what is absent stays as it is. */
export interface OrganizationRecord {
  readonly credentials?: RecordedCredentials | undefined;
  readonly databaseOid?: number | undefined;
  readonly schema?: RecordedSchema | undefined;
  readonly subscription?: WantedSubscription | undefined;
  /** What clients of the database connect to, when it has changed. */
  readonly endpoint?: Omit<Placement, 'serverName'> | undefined;
  readonly status?: LivingStatus | undefined;
  /** Why the status changes: a CamelCase word for the event. No personal data. */
  readonly reason?: string | undefined;
}

/** The organization as it will be once `record` is written: the pure side of `recordOrganization`. Endpoint and schema aside. */
export function withRecord(
  organization: Organization,
  { credentials, subscription, status, databaseOid }: OrganizationRecord,
  now: Date,
): Organization {
  const becomesActive = status === OrganizationStatus.Active && organization.firstReadyAt === null;
  return {
    ...organization,
    ...(databaseOid === undefined ? {} : { databaseOid }),
    ...(credentials === undefined
      ? {}
      : {
          databasePasswordHash: credentials.passwordHash,
          credentialsGeneration: credentials.generation,
          secretNamespace: credentials.secretNamespace,
          secretName: credentials.secretName,
          secretResourceVersion: credentials.secretResourceVersion,
        }),
    ...(subscription === undefined ? {} : { subscription: { plan: subscription.plan, monthlyAllowance: subscription.monthlyAllowance } }),
    ...(status === undefined ? {} : { status }),
    ...(becomesActive ? { firstReadyAt: now } : {}),
  };
}

/**
 * Records what was done, with an event for each thing that changed. Returns the organization as it is now;
 * undefined when no living row of that id and uid exists any more. The same record again changes nothing.
 */
export async function recordOrganization(
  query: Query,
  { id, uid }: OrganizationRef,
  record: OrganizationRecord,
): Promise<Organization | undefined> {
  const { credentials, schema, databaseOid, status, reason, subscription, endpoint } = record;
  const input = {
    id,
    uid,
    databaseOid,
    status,
    reason,
    databasePasswordHash: credentials?.passwordHash,
    credentialsGeneration: credentials?.generation,
    secretNamespace: credentials?.secretNamespace,
    secretName: credentials?.secretName,
    secretResourceVersion: credentials?.secretResourceVersion,
    schemaRelease: schema?.release,
    schemaVersion: schema?.version,
    ...subscription,
    ...endpoint,
  };
  const [organization] = await query<Organization>(statement('record-organization', RECORD, input));
  return organization;
}
