/*
 * From a PostgresServer to sessions on it: log in, look who answers and what it allows, end a former leader's sessions.
 * Separate from the registry, which remembers what came of it. Nothing is written on a server before every check has
 * passed, but for the operator's own role.
 */
import { randomUUID } from 'node:crypto';
import { OPERATOR_ROLE } from '../api/names.ts';
import type { PostgresServer } from '../api/postgres-server.ts';
import type { ConnectionTarget, TlsOptions } from '../clients/postgres/connection.ts';
import { withSession } from '../clients/postgres/session.ts';
import { hasSqlState, SqlState } from '../clients/postgres/sql-state.ts';
import type { Query } from '../clients/postgres/sql.ts';
import type { StatementHooks } from '../clients/postgres/statement.ts';
import {
  groupProblem,
  identityProblem,
  operatorRoleProblem,
  publicConnectProblem,
  type Recorded,
  rightsProblem,
  type ServerFacts,
  type ServerProblem,
  versionProblem,
} from '../desired/postgres/server-facts.ts';
import { createOperatorRole } from './bootstrap.ts';
import { adminLogin, ensureOperatorLogin, type Login, operatorLogin, type SecretSource, tlsOptions } from './credentials.ts';
import { shardComment } from './creator-shards.ts';
import { fence } from './fence.ts';
import { createTenantGroup, inspectServer, roleExists, serverIdentity } from './inspection.ts';
import { openSessions } from './open-sessions.ts';
import { ServerNotReady } from './server-not-ready.ts';
import type { ServerSessions } from './server-sessions.ts';

export interface OpenServerOptions extends SecretSource, StatementHooks {
  readonly applicationName: string;
  readonly installation: string;
  readonly createConcurrency: number;
  readonly onFailure: (error: unknown) => void;
}

export interface OpenServer {
  readonly sessions: ServerSessions;
  readonly identity: string;
  readonly facts: ServerFacts;
  readonly tls: TlsOptions;
}

/** A server with more tenants than one can count still answers in this time. */
const STATEMENT_TIMEOUT_MS = 20_000;

/** Throws ServerNotReady where a person is needed, Unavailable where there is no answer. */
export async function openServer(server: PostgresServer, options: OpenServerOptions): Promise<OpenServer> {
  const tls = await tlsOptions(options, server);
  const login = await workingLogin(server, tls, options);
  const target = targetOf(server, tls, login, options);
  const checked = await connected(target, options, (query) => check(query, server, options));
  const identity = checked.identity;
  const sessions = openSessions({
    ...options,
    name: server.metadata.name,
    target,
    version: checked.facts.versionNumber,
    verify: async (query) =>
      refuse(identityProblem((await serverIdentity(query)) ?? '', { identity, operatorRole: undefined }, server.metadata.name)),
  });
  sessions.facts.note(checked.facts);
  return { sessions, identity, facts: checked.facts, tls };
}

/** The administrator's, or that of the role made with it when it is a superuser; then the superuser is not used again. */
async function workingLogin(server: PostgresServer, tls: TlsOptions, options: OpenServerOptions): Promise<Login> {
  const admin = await adminLogin(options, server);
  if (server.status?.operatorRole === OPERATOR_ROLE && admin.user !== OPERATOR_ROLE) {
    const own = await operatorLogin(options, server);
    if (own !== undefined && (await works(targetOf(server, tls, own, options), options))) return own;
  }
  return connected(targetOf(server, tls, admin, options), options, async (query) => {
    const facts = await inspectServer(query, options.installation);
    if (!facts.isSuperuser) return admin;
    refuse(versionProblem(facts));
    refuse(await otherServer(query, server));
    refuse(await roleProblem(query, OPERATOR_ROLE, recordedOf(server)));
    const own = await ensureOperatorLogin(options, server);
    await createOperatorRole(query, { ...options, maintenanceDatabase: facts.maintenanceDatabase, password: own.password });
    return own;
  });
}

/** Before a role is made there. What a superuser reads of a server that is known by its marker cannot be compared. */
async function otherServer(query: Query, server: PostgresServer): Promise<ServerProblem | undefined> {
  const recorded = recordedOf(server);
  const found = await serverIdentity(query);
  const isComparable = found !== undefined && recorded.identity?.split(':', 1)[0] === found.split(':', 1)[0];
  return isComparable ? identityProblem(found, recorded, server.metadata.name) : undefined;
}

async function works(target: ConnectionTarget, hooks: StatementHooks): Promise<boolean> {
  try {
    await withSession(target, hooks, async () => undefined);
    return true;
  } catch (error) {
    if (hasSqlState(error, SqlState.InvalidPassword, SqlState.InvalidAuthorization)) return false;
    throw error;
  }
}

async function check(query: Query, server: PostgresServer, options: OpenServerOptions): Promise<{ facts: ServerFacts; identity: string }> {
  const { installation } = options;
  const recorded = recordedOf(server);
  const facts = await inspectServer(query, installation);
  refuse(versionProblem(facts));
  const found = await serverIdentity(query);
  if (found !== undefined) refuse(identityProblem(found, recorded, server.metadata.name));
  refuse(await roleProblem(query, facts.role, recorded));
  refuse(serverProblem(facts, installation));
  await fence(query, options);
  const marker = randomUUID();
  if (facts.group === null) await createTenantGroup(query, installation, marker);
  return { facts, identity: found ?? `marker:${marker}` };
}

/** What can change while a server is in use. */
export function serverProblem(facts: ServerFacts, installation: string): ServerProblem | undefined {
  return rightsProblem(facts) ?? groupProblem(facts, shardComment({ installation })) ?? publicConnectProblem(facts);
}

async function roleProblem(query: Query, role: string, recorded: Recorded): Promise<ServerProblem | undefined> {
  if (recorded.operatorRole === undefined || recorded.operatorRole === role) return undefined;
  return operatorRoleProblem(role, recorded, await roleExists(query, recorded.operatorRole));
}

function refuse(problem: ServerProblem | undefined): void {
  if (problem !== undefined) throw new ServerNotReady(problem.reason, problem.message);
}

function recordedOf({ status }: PostgresServer): Recorded {
  return { identity: status?.identity, operatorRole: status?.operatorRole };
}

/** A refused login is a condition of the PostgresServer, not an error to be tried again and again. */
async function connected<T>(target: ConnectionTarget, hooks: StatementHooks, work: (query: Query) => Promise<T>): Promise<T> {
  try {
    return await withSession(target, hooks, work);
  } catch (error) {
    throw loginProblem(error, target) ?? error;
  }
}

function loginProblem(error: unknown, { user, database }: ConnectionTarget): ServerNotReady | undefined {
  if (hasSqlState(error, SqlState.InvalidPassword)) {
    return new ServerNotReady('LoginRefused', `The server refuses the password of "${user}". Correct the admin Secret.`);
  }
  if (hasSqlState(error, SqlState.InvalidAuthorization)) {
    return new ServerNotReady(
      'LoginRefused',
      `The server does not let "${user}" log in. See its pg_hba.conf, and whether the role exists and has LOGIN.`,
    );
  }
  if (hasSqlState(error, SqlState.UndefinedDatabase)) {
    return new ServerNotReady('MaintenanceDatabaseNotFound', `The server has no database "${database}". Correct spec.maintenanceDatabase.`);
  }
  return undefined;
}

function targetOf(
  { metadata, spec }: PostgresServer,
  tls: TlsOptions,
  login: Login,
  { applicationName }: OpenServerOptions,
): ConnectionTarget {
  const { host, port, maintenanceDatabase } = spec;
  const peer = { host, port, tls, database: maintenanceDatabase, applicationName } as const;
  return { ...peer, ...login, statementTimeoutMs: STATEMENT_TIMEOUT_MS, system: 'server', label: metadata.name };
}
