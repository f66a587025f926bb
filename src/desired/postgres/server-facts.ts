/*
 * What a PostgreSQL server shows of itself to the operator's role, and what of it stands in the way. Separate from the
 * query and from the registry, so that every reason why a server is not used is decided in one pure function.
 */
import { OPERATOR_ROLE, TENANT_GROUP_ROLE } from '../../api/names.ts';
import { quoteIdentifier } from '../../clients/postgres/sql.ts';

export interface ServerFacts {
  /** The role we are. */
  readonly role: string;
  /** For people, e.g. `18.4`. */
  readonly version: string;
  /** server_version_num, e.g. 180004. */
  readonly versionNumber: number;
  readonly isSuperuser: boolean;
  readonly canCreateDatabases: boolean;
  readonly canCreateRoles: boolean;
  readonly canEndSessions: boolean;
  readonly maintenanceDatabase: string;
  /** Databases that every role may connect to, a few of them where there are many. */
  readonly publicDatabases: readonly string[];
  /** Databases with this installation's mark. */
  readonly databases: number;
  /** The group of all tenants' logins. Null: not made yet. */
  readonly group: { readonly comment: string | null; readonly isOurs: boolean } | null;
}

export interface Recorded {
  readonly identity: string | undefined;
  readonly operatorRole: string | undefined;
}

export interface ServerProblem {
  readonly reason: string;
  /** What is wrong, and the exact SQL that mends it. */
  readonly message: string;
}

/** Before it, whoever may create roles may become nearly anything. */
const OLDEST_VERSION = 160_000;

export function versionProblem({ version, versionNumber }: ServerFacts): ServerProblem | undefined {
  if (versionNumber >= OLDEST_VERSION) return undefined;
  return {
    reason: 'VersionTooOld',
    message: `The server is PostgreSQL ${version}; at least 16 is needed, because before it a role that may create roles can become nearly anything.`,
  };
}

/** @param identity of the server that answers now */
export function identityProblem(identity: string, recorded: Recorded, server: string): ServerProblem | undefined {
  if (recorded.identity === undefined || recorded.identity === identity) return undefined;
  return {
    reason: 'IdentityChanged',
    message:
      `Another server answers at this address (${identity}) than the one whose tenants are recorded (${recorded.identity}), so nothing on it is touched. ` +
      `Correct the address; if this server is meant, and holds the tenants' databases, run: ` +
      `kubectl patch postgresserver ${server} --subresource=status --type=merge -p '{"status":{"identity":null}}'`,
  };
}

/** @param exists whether the recorded role is still there: one that was renamed is not, and then the new name is right */
export function operatorRoleProblem(role: string, recorded: Recorded, exists: boolean): ServerProblem | undefined {
  const before = recorded.operatorRole;
  if (before === undefined || before === role || !exists) return undefined;
  const [from, to] = [quoteIdentifier(before), quoteIdentifier(role)];
  const rename =
    role === OPERATOR_ROLE
      ? ''
      : ` Or, to give it the new name, run as a superuser: DROP ROLE ${to}; ALTER ROLE ${from} RENAME TO ${to}; and set its password.`;
  return {
    reason: 'OperatorRoleChanged',
    message: `The admin Secret leads to the role ${to}, but everything on this server belongs to ${from}. Put ${from} back into the Secret.${rename}`,
  };
}

export function rightsProblem(facts: ServerFacts): ServerProblem | undefined {
  const role = quoteIdentifier(facts.role);
  const sql = [
    ...(facts.canCreateDatabases ? [] : [`ALTER ROLE ${role} CREATEDB;`]),
    ...(facts.canCreateRoles ? [] : [`ALTER ROLE ${role} CREATEROLE;`]),
    ...(facts.canEndSessions ? [] : [`GRANT pg_signal_backend TO ${role};`]),
  ];
  if (facts.isSuperuser) return superuser(role);
  if (sql.length === 0) return undefined;
  return {
    reason: 'MissingRights',
    message: `The role ${role} lacks rights that the operator needs. As a superuser run: ${sql.join(' ')}`,
  };
}

/** What a tenant has planted in its database could take over a superuser who connects there. */
function superuser(role: string): ServerProblem {
  return {
    reason: 'Superuser',
    message:
      `The role ${role}, which the operator works as in tenants' databases, is a superuser. Nothing is done on this server until it is none. ` +
      `Run: ALTER ROLE ${role} NOSUPERUSER CREATEDB CREATEROLE; GRANT pg_signal_backend TO ${role};`,
  };
}

export function groupProblem({ role, group }: ServerFacts, comment: string): ServerProblem | undefined {
  if (group === null) return undefined;
  const name = quoteIdentifier(TENANT_GROUP_ROLE);
  if (!hasInstallation(group.comment, comment)) {
    return {
      reason: 'InstallationConflict',
      message: `The server has a role ${name} that was not made by this installation of the operator. It is left alone. Two installations need two servers; if nothing uses it, run: DROP ROLE ${name};`,
    };
  }
  if (group.isOurs) return undefined;
  return {
    reason: 'MissingRights',
    message: `The role ${quoteIdentifier(role)} may not grant ${name}. As a superuser run: GRANT ${name} TO ${quoteIdentifier(role)} WITH ADMIN OPTION;`,
  };
}

/** Any tenant could connect to these, the operator's maintenance database and other applications' included. */
export function publicConnectProblem({ role, publicDatabases, maintenanceDatabase }: ServerFacts): ServerProblem | undefined {
  if (publicDatabases.length === 0) return undefined;
  const sql = publicDatabases.map((name) => {
    const revoke = `REVOKE ALL ON DATABASE ${quoteIdentifier(name)} FROM PUBLIC;`;
    return name === maintenanceDatabase
      ? `GRANT CONNECT ON DATABASE ${quoteIdentifier(name)} TO ${quoteIdentifier(role)}; ${revoke}`
      : revoke;
  });
  return {
    reason: 'PublicConnect',
    message:
      `Every role may connect to ${publicDatabases.map((name) => `"${name}"`).join(', ')}, and so could every tenant. ` +
      `Grant CONNECT there to the roles that need it, then run as a superuser: ${sql.join(' ')}`,
  };
}

function hasInstallation(comment: string | null, wanted: string): boolean {
  // The group's comment may say more: the server's identity.
  return comment !== null && comment.startsWith(wanted.slice(0, -1));
}
