/**
 * A real login as the tenant: the only thing that shows whether the password in the Secret works. Separate from the
 * Database step because it speaks as the tenant; what it has proven is recorded, so that it is not proven again.
 */
import { ConditionType } from '../api/conditions.ts';
import { databaseName } from '../api/names.ts';
import { SqlState } from '../clients/postgres/sql-state.ts';
import { passwordMatches } from '../clients/passwords.ts';
import { scramVerifier } from '../clients/postgres/scram.ts';
import { type ConnectionSecret, generationIn, passwordOf, secretVersion } from '../desired/connection-secret.ts';
import { type Organization, OrganizationStatus } from '../master/organization.ts';
import { setLoginPassword } from '../servers/roles.ts';
import { isSuspended } from '../desired/suspension.ts';
import { defineStep, StepName, type Verdict } from './step.ts';
import type { TenantWork } from './tenant-work.ts';

interface Observed {
  readonly organization: Organization;
  readonly login: Login;
}

/**
 * Not needed: proven before, and nothing about the login has changed since; or there is no Secret of the tenant's own to
 * prove it with, which the Credentials step tells.
 */
type Login =
  | { readonly kind: 'notNeeded' }
  | { readonly kind: 'ok'; readonly secret: ConnectionSecret }
  | { readonly kind: 'refused'; readonly secret: ConnectionSecret; readonly code: string };

type Change = { readonly kind: 'record' | 'setPassword'; readonly organization: Organization; readonly secret: ConnectionSecret };

export const login = defineStep<TenantWork, Observed, Change>({
  name: StepName.Login,
  condition: ConditionType.DatabaseReady,
  async observe(work) {
    const organization = await work.organization();
    const secret = await work.ownSecret();
    return { organization, login: secret === undefined ? notNeeded : await tryLogin(work, organization, secret) };
  },
  diff(work, { organization, login: outcome }): Verdict<Change> {
    if (outcome.kind === 'notNeeded') return { kind: 'inSync', message: `Database ${organization.databaseName}` };
    const { secret } = outcome;
    if (outcome.kind === 'refused') return refused(work, organization, secret, outcome.code);
    if (organization.secretResourceVersion !== secretVersion(secret)) {
      return { kind: 'outOfSync', change: { kind: 'record', organization, secret } };
    }
    return { kind: 'inSync', message: `Database ${organization.databaseName}` };
  },
  async apply(work, { kind, organization, secret }) {
    if (kind === 'record') await record(work, organization, secret);
    else await setPassword(work, organization, secret);
  },
});

const notNeeded: Login = { kind: 'notNeeded' };

async function tryLogin(work: TenantWork, organization: Organization, secret: ConnectionSecret): Promise<Login> {
  const ok: Login = { kind: 'ok', secret };
  if (work.loginProven) return ok;
  const proven = organization.secretResourceVersion === secretVersion(secret);
  if (proven && isStillTrue(work, organization)) return notNeeded;
  // A suspended tenant cannot log in on purpose; what the Secret says is recorded all the same.
  if (isSuspended(work.tenant)) return proven ? notNeeded : ok;
  const name = databaseName(organization.id);
  const sessions = await work.sessions();
  const outcome = await sessions.login({ user: name, password: passwordOf(secret) ?? '', database: name });
  // That all connections are in use says nothing about the password, neither for it nor against it.
  if (outcome.ok || (proven && outcome.code === SqlState.TooManyConnections)) {
    work.loginProven = true;
    return ok;
  }
  return { kind: 'refused', secret, code: outcome.code };
}

/** What was proven before: not after a change, nor for a tenant that was served and is not any more, nor for one that is being resumed. */
function isStillTrue(work: TenantWork, { firstReadyAt, status }: Organization): boolean {
  // On the way to the first Ready one proof is enough; what was recorded of a suspended tenant was proven by no login.
  const lost = firstReadyAt !== null && !work.wasReady;
  return !lost && !work.loginChanged && status !== OrganizationStatus.Suspended;
}

/** Once a wrong password is answered by setting it from the Secret; a second refusal has another cause. */
function refused(work: TenantWork, organization: Organization, secret: ConnectionSecret, code: string): Verdict<Change> {
  if (code === SqlState.InvalidPassword && !work.passwordSet) {
    return { kind: 'outOfSync', change: { kind: 'setPassword', organization, secret } };
  }
  if (code === SqlState.TooManyConnections) return noConnection(organization);
  return {
    kind: 'waiting',
    reason: 'LoginFailed',
    message: `Logging in as ${organization.databaseName} was refused (SQLSTATE ${code}). See pg_hba.conf of server "${organization.serverName}" and its log.`,
    blocks: true,
    retryAfterMs: 30_000,
  };
}

function noConnection({ databaseName: name, serverName, firstReadyAt }: Organization): Verdict<Change> {
  return {
    kind: 'waiting',
    reason: 'ConnectionsExhausted',
    message: `Whether the password in the Secret works is not known: all connections of ${name}, or of server "${serverName}", are in use (SQLSTATE 53300). Close some, or raise the limit.`,
    blocks: firstReadyAt === null,
    retryAfterMs: 30_000,
  };
}

async function setPassword(work: TenantWork, organization: Organization, secret: ConnectionSecret): Promise<void> {
  const verifier = await scramVerifier(passwordOf(secret) ?? '');
  await setLoginPassword(await work.sessions(), organization.id, verifier);
  work.passwordSet = true;
  work.forget('server');
}

/** The hash is computed at most once for a password: it was begun beside CREATE DATABASE, or the recorded one still matches. */
async function record(work: TenantWork, organization: Organization, secret: ConnectionSecret): Promise<void> {
  const password = passwordOf(secret) ?? '';
  const known = organization.databasePasswordHash;
  const hash = known !== null && (await passwordMatches(password, known)) ? known : await work.dependencies.hashes.hash(secret);
  const credentials = {
    passwordHash: hash,
    generation: generationIn(secret, organization.credentialsGeneration),
    secretNamespace: secret.metadata.namespace ?? '',
    secretName: secret.metadata.name,
    secretResourceVersion: secretVersion(secret),
  };
  await work.record({ credentials });
}
