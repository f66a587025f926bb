/**
 * The types of `tenant_events`. Events are written by the statement that makes the change, never on their own,
 * so that history cannot differ from what happened. Detail holds numbers, ids and reasons: no personal data.
 */
export const TenantEventType = {
  Registered: 'Registered',
  /** Its row was made anew from a database that carries its uid. */
  Rebuilt: 'Rebuilt',
  /** A predecessor's row, with its data, went over to a new object. */
  Adopted: 'Adopted',
  /** Subdomain, domains or display name changed. */
  ClaimsChanged: 'ClaimsChanged',
  CredentialsRecorded: 'CredentialsRecorded',
  DatabaseRecorded: 'DatabaseRecorded',
  SchemaRecorded: 'SchemaRecorded',
  SubscriptionRecorded: 'SubscriptionRecorded',
  StatusChanged: 'StatusChanged',
  /** Another cluster's operator took over the whole master database. */
  ClusterAdopted: 'ClusterAdopted',
  Deleted: 'Deleted',
  /** Erased here, while its server was gone for good. */
  Abandoned: 'Abandoned',
} as const;
export type TenantEventType = (typeof TenantEventType)[keyof typeof TenantEventType];
