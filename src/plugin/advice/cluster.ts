// The same for the kinds of the cluster: PostgresServer and SchemaRelease. Separate from tenants', whose reasons partly have the same
// names and mean something else.

type Sentences = Readonly<Record<string, string>>;

export const SERVER: Sentences = {
  InSync: 'Nothing.',
  Unreachable:
    'Find out why nothing answers at {address}: is it up, are host, port and TLS mode right, does the network let the operator through?',
  LoginRefused: 'Correct the login in the Secret that spec.adminSecretRef names; a new password needs nothing else.',
  SecretNotFound: 'Create the Secret that the message names.',
  AdminSecretInvalid: 'Correct the Secret that the message names.',
  CaSecretInvalid: 'Correct the Secret that the message names.',
  OperatorSecretInvalid: 'Correct the Secret that the message names.',
  SecretForbidden: 'Make the Role in the message, so that the operator may read the Secret in that namespace.',
  MaintenanceDatabaseNotFound: 'Correct spec.maintenanceDatabase.',
  VersionTooOld: 'Use a server with PostgreSQL 16 or newer.',
  MissingRights: 'Run the SQL in the message on this server.',
  Superuser: "Run the SQL in the message on this server: the operator does not work in tenants' databases as a superuser.",
  PublicConnect: 'Run the SQL in the message on this server as a superuser: every login could connect to the databases it lists.',
  IdentityChanged:
    'Correct spec.host: another server answers there than before. If that is meant (restored, failed over), run the command in the message.',
  OperatorRoleChanged: 'Put the old login back into the Secret, or rename the role as the message says.',
  OperatorRoleConflict: 'Give the two installations of the operator a server each.',
  InstallationConflict: 'Give the two installations of the operator a server each.',
  Deleting: 'Move on with the tenants that the message names: the server is held while any lives on it.',
};

export const RELEASE: Sentences = {
  RolledOut: 'Nothing.',
  RollingOut: 'Nothing: it is under way.',
  Paused: 'Set spec.paused to false when it shall go on.',
  RolloutHalted: 'Mend the cause (kubectl studio logs TENANT), then lift the halt: kubectl studio retry release/{name}',
  TenantsFailed: 'Mend the cause (kubectl studio logs TENANT), then run: kubectl studio retry release/{name}',
  DuplicateVersion: 'Make another SchemaRelease with a version of its own: this one is ignored.',
};
