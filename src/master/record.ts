/**
 * Records what was done for an organization. Separate from organizations.ts because all of it is one statement:
 * any number of things can be recorded at once, and a fresh tenant is completed in one round trip.
 */
import type { Query } from '../clients/postgres/sql.ts';
import type {
  LivingStatus,
  Organization,
  OrganizationRef,
  Placement,
  RecordedCredentials,
  RecordedSchema,
  WantedSubscription,
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
