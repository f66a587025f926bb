// What to do next about a StudioTenant, by the reason that its conditions carry: the runbook (docs/runbook.md) in one sentence each.
// Separate from what is shown, because it is knowledge and not code; a test holds it against the runbook.
// {retry}, {server}, {release}, {database}, {job}, {subdomain} and the like are filled in by next-action.ts.

type Sentences = Readonly<Record<string, string>>;

/** Nothing goes on before somebody acts. */
export const NEEDS_A_PERSON: Sentences = {
  SubdomainTaken:
    'Give {object} another spec.subdomain than "{subdomain}", or wait until its holder gives it up (a retained tenant counts).',
  SubdomainReserved: 'Give {object} another spec.subdomain: the operator reserves "{subdomain}" (RESERVED_SUBDOMAINS).',
  DomainTaken: 'Take the domain that the message names out of spec.ingress.customDomains, or wait until its holder gives it up.',
  DomainReserved:
    'Take the domain that the message names out of spec.ingress.customDomains and use spec.subdomain for a host of the platform.',
  MasterOwnedByAnotherCluster:
    'Give this operator a master database of its own; if the other cluster is gone for good, set ADOPT_FROM_CLUSTER as the message says.',
  RetainedExists: 'Choose one of the three ways on in the message: adopt what was kept, take another name, or erase it.',
  OrganizationNotFound: 'Correct or remove the annotation studio-platform.io/adopt-organization: that id does not exist.',
  OrganizationInUse:
    'Delete the tenant that has this organization (with Retain), or remove the annotation studio-platform.io/adopt-organization.',
  MoveUnsupported: 'Set spec.database.server back to "{server}" or remove it: a placed database does not move.',
  SecretConflict: 'Delete or rename the Secret "{secret}", which somebody else made.',
  IngressConflict: 'Delete or rename the Ingress "{name}", which somebody else made.',
  RoleConflict: 'Rename or drop the role that the message names on server "{server}"; it does not carry this tenant\'s mark.',
  DatabaseConflict: 'Rename or drop the database that the message names on server "{server}"; nothing of it was touched.',
  CreatorRoleConflict: 'Rename or drop the role that the message names on server "{server}".',
  DatabaseLost:
    'Find out what happened to {database} on server "{server}": rename it back or restore it from a backup (runbook: A database is lost). It is never replaced by an empty one.',
  DatabaseReplaced:
    'Find out which database now stands under the name {database} on server "{server}"; if it is the restored one, record its oid (runbook: A database is lost).',
  OwnerChanged: 'Run the SQL in the message on server "{server}": the database was given to another role.',
  SchemaOwnerChanged: 'Run the SQL in the message in {database} on server "{server}".',
  ForeignMembership: 'Run the SQL in the message on server "{server}" now: until then this tenant is not isolated as it should be.',
  ForeignAttributes: 'Run the SQL in the message on server "{server}" now: until then this tenant has powers that it should not have.',
  EventTrigger: 'Run the SQL in the message in {database} on server "{server}": an event trigger there is not a superuser\'s.',
  GrantsNotConverged: 'Find out who keeps granting what the message names in {database}, and stop it.',
  NotConverged: 'Find the other writer that keeps changing the same thing; looked at again in 10 minutes.',
  ExtensionUnavailable: 'Install the extension that the message names on server "{server}", or take it out of spec.database.extensions.',
  ExtensionNotTrusted: 'Run the SQL in the message as a superuser, or take the extension out of spec.database.extensions.',
  MigrationFailed: "Read the migration's log (kubectl studio logs {ref}), mend the cause, then run: kubectl studio retry {ref}",
};

/** Goes on by itself once the cause is gone: what to look at if it does not. */
export const WAITS: Sentences = {
  PlanNotFound: 'Create the TenantPlan "{plan}", or correct spec.plan.',
  ReleaseNotFound: 'Create the SchemaRelease "{pinned}", or correct spec.release.',
  ServerNotFound: 'Create the PostgresServer "{server}" again: the data is where it was.',
  NoServer: 'Create a PostgresServer: there is none.',
  NoServerForPlan: 'Label a PostgresServer as the plan "{plan}" asks, or change its serverSelector.',
  NoServerWithRoom: 'Raise spec.capacity.maxDatabases of a PostgresServer, or add a server.',
  ServerNotReady: 'Make a PostgresServer Ready: kubectl describe postgresserver {server}',
  ServerUnavailable:
    'Bring PostgreSQL server "{server}" back; the tenant comes back with it. See: kubectl describe postgresserver {server}',
  ServerBusy: 'Nothing; if it lasts, look at the disk of server "{server}".',
  MasterUnavailable: 'Bring the master database back; tenants that were served go on being served, and nothing is lost.',
  MasterRefused: 'Do what the message says about the master database; tenants that were served go on being served.',
  ApiServerUnavailable: 'Nothing, unless it lasts: the operator could not reach the API server.',
  LoginFailed: 'Look into pg_hba.conf and the log of server "{server}": it refuses the tenant\'s login although its password was set.',
  ConnectionsExhausted: "Close connections of the tenant, or raise spec.database.connectionLimit or the server's max_connections.",
  NamespaceTerminating: 'Nothing: the namespace is being deleted.',
  Migrating: 'Nothing: a migration is at work. Follow it with: kubectl studio logs {ref} --follow',
  MigrationRunning: 'Nothing: extensions follow when the migration that is running has ended.',
  MigrationNotStarting:
    "Mend what keeps the pod from starting (the message has Kubernetes' reason: image, quota, admission, scheduling); the Job goes on by itself.",
  MigrationRefused: 'Mend what the API server refuses (the message has its sentence: quota, admission); tried again every 20 s.',
  MigrationRetrying: 'Nothing; if it repeats, find out who holds the lock or why server "{server}" is away or full.',
  MigrationStopping: "Nothing; if its node is gone, delete the migration's pod by force.",
  WaitingForSlot: 'Nothing: as many migrations as allowed (MAX_PARALLEL_MIGRATIONS) are under way on server "{server}".',
  ReleasePaused: 'Unpause the SchemaRelease that the message names: this tenant needs it.',
  RolloutHalted: 'Mend what made tenants fail on the release, then lift the halt: kubectl studio retry release/{release}',
  PostgresError:
    "Look into the operator's log (kubectl studio logs {ref} --operator); lastError.code has the SQLSTATE: 53xxx is a full server, 55P03 a lock.",
  KubernetesError:
    "Look into the operator's log (kubectl studio logs {ref} --operator); lastError.code has the HTTP code: 403 is a missing right of the operator.",
  DeadlineExceeded: 'Find out what is slow: server "{server}" or the API server; the metric studio_step_seconds says which step.',
  StepFailed: "Look into the operator's log (kubectl studio logs {ref} --operator) and report it: nothing else explains this error.",
  Waiting: 'Nothing about this step: the first condition that is not True says why.',
  Deleting: 'Nothing: the deletion is under way.',
  MigrationEnding: "Nothing; if its node is gone, delete the migration's pod by force.",
  ForeignDatabase:
    'Find out whose database stands under the name {database} on server "{server}": it does not carry this tenant\'s uid and oid and is not dropped.',
  RolePinned: "Clear what holds on to the tenant's roles, which the message names; the data is gone already.",
};

/** As it should be. */
export const IS_WELL: Sentences = {
  InSync: 'Nothing.',
  Suspended: 'Nothing, or let it serve again: kubectl studio resume {ref}',
  NoRelease: 'Nothing: there is no SchemaRelease, so the schema is left to the application.',
  AheadOfRelease: 'Nothing: the schema is newer than the release asked for, and is never taken back.',
  Settled: 'Nothing.',
  NotStalled: 'Nothing.',
  Paused: 'Remove the annotation studio-platform.io/paused when the operator shall look after this tenant again.',
};
