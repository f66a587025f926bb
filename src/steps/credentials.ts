/**
 * Step 3: the connection Secret, created before any role exists. It is the only place a password is ever in, and the
 * truth about it: edited, the role follows; deleted or unusable, a new password comes with the next generation.
 */
import { ConditionType } from '../api/conditions.ts';
import { databaseName, secretName } from '../api/names.ts';
import { connectAddress } from '../api/postgres-server.ts';
import { SECRET } from '../api/resources.ts';
import type { JsonPatchOperation } from '../clients/kubernetes/kubernetes.ts';
import { isAlreadyExists } from '../clients/kubernetes/errors.ts';
import { generatePassword } from '../clients/passwords.ts';
import {
  connectionSecret,
  connectionSecretData,
  connectionSecretLabels,
  type ConnectionSecret,
  encodeData,
  type Endpoint,
  generationIn,
  passwordOf,
} from '../desired/connection-secret.ts';
import { includes } from '../desired/matches.ts';
import { isOwnedBy, isOwnedByPredecessor } from '../desired/owner-reference.ts';
import type { Organization } from '../master/organization.ts';
import { defineStep, type Failed, StepName, type Verdict } from './step.ts';
import type { TenantWork } from './tenant-work.ts';

interface Observed {
  readonly organization: Organization;
  readonly endpoint: Endpoint;
  readonly secret: ConnectionSecret | undefined;
}

type Change =
  | { readonly kind: 'create'; readonly organization: Organization; readonly endpoint: Endpoint }
  | { readonly kind: 'discard'; readonly secret: ConnectionSecret }
  | { readonly kind: 'patch'; readonly secret: ConnectionSecret; readonly data: Readonly<Record<string, string>> }
  | { readonly kind: 'renew'; readonly secret: ConnectionSecret; readonly organization: Organization; readonly endpoint: Endpoint };

export const credentials = defineStep<TenantWork, Observed, Change>({
  name: StepName.Credentials,
  condition: ConditionType.CredentialsReady,
  async observe(work) {
    const organization = await work.organization();
    return { organization, endpoint: await endpointOf(work, organization), secret: await work.secret() };
  },
  diff(work, { organization, endpoint, secret }): Verdict<Change> {
    if (secret === undefined) return outOfSync({ kind: 'create', organization, endpoint });
    if (isOwnedByPredecessor(secret, work.tenant)) return outOfSync({ kind: 'discard', secret });
    if (!isOwnedBy(secret, work.tenant)) return secretConflict(work, organization);
    const password = passwordOf(secret);
    if (password === undefined) return outOfSync({ kind: 'renew', secret, organization, endpoint });
    const data = encodeData(dataFor(organization, endpoint, password, generationIn(secret, organization.credentialsGeneration)));
    const isLabelled = includes(secret.metadata.labels, connectionSecretLabels(work.tenant));
    if (!isLabelled || !includes(secret.data, data)) return outOfSync({ kind: 'patch', secret, data });
    return { kind: 'inSync', message: `Secret ${secret.metadata.name}` };
  },
  async apply(work, change) {
    if (change.kind === 'create') await create(work, change.organization, change.endpoint);
    else if (change.kind === 'discard') await discard(work, change.secret);
    else if (change.kind === 'patch') await patch(work, change.secret, change.data);
    else await renew(work, change.secret, change.organization, change.endpoint);
  },
});

const outOfSync = (change: Change): Verdict<Change> => ({ kind: 'outOfSync', change });

function secretConflict(work: TenantWork, organization: Organization): Failed {
  const name = secretName(work.tenant.metadata.name);
  return {
    kind: 'failed',
    reason: 'SecretConflict',
    message: `The Secret "${name}" exists and does not belong to this tenant. Delete or rename it; the operator then makes its own.`,
    // Without the tenant's own Secret no login can be proven: who is served goes on, nobody becomes Ready.
    blocks: organization.firstReadyAt === null || !work.wasReady,
    retryAfterMs: 60_000,
  };
}

async function endpointOf(work: TenantWork, organization: Organization): Promise<Endpoint> {
  const server = work.server(organization);
  const { sslmode, ca } = await work.dependencies.servers.clientTls(server.metadata.name);
  return { ...connectAddress(server.spec), sslmode, ca };
}

function dataFor(organization: Organization, endpoint: Endpoint, password: string, generation: number) {
  const database = databaseName(organization.id);
  return connectionSecretData({ database, username: database, password, generation }, endpoint);
}

async function create(work: TenantWork, organization: Organization, endpoint: Endpoint): Promise<void> {
  const password = generatePassword();
  const data = dataFor(organization, endpoint, password, lastGeneration(work, organization) + 1);
  try {
    const secret = await work.dependencies.kubernetes.create<ConnectionSecret>(SECRET, connectionSecret(work.tenant, data));
    work.secretIs(secret);
    // Begun now, beside CREATE DATABASE; the Login step takes it.
    void work.dependencies.hashes.hash(secret);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    await work.readSecretByName();
  }
}

/** The status counts too: a master database that was restored may have forgotten the last, and two passwords never share a number. */
function lastGeneration({ tenant }: TenantWork, { credentialsGeneration }: Organization): number {
  return Math.max(credentialsGeneration, tenant.status?.credentials?.generation ?? 0);
}

/** Its owner is gone; the collector would take it away later, and with it what we had written into it. */
async function discard(work: TenantWork, secret: ConnectionSecret): Promise<void> {
  const { kubernetes } = work.dependencies;
  await kubernetes.delete(SECRET, secret.metadata, { uid: secret.metadata.uid });
  work.secretIs(undefined);
}

async function patch(work: TenantWork, secret: ConnectionSecret, data: Readonly<Record<string, string>>): Promise<void> {
  const operations: JsonPatchOperation[] = [
    { op: 'test', path: '/metadata/resourceVersion', value: secret.metadata.resourceVersion },
    ...(secret.data === undefined ? [{ op: 'add', path: '/data', value: {} } as const] : []),
    ...additions('/data', secret.data, data),
    ...(secret.metadata.labels === undefined ? [{ op: 'add', path: '/metadata/labels', value: {} } as const] : []),
    ...additions('/metadata/labels', secret.metadata.labels, connectionSecretLabels(work.tenant)),
  ];
  work.secretIs(await work.dependencies.kubernetes.jsonPatch<ConnectionSecret>(SECRET, secret.metadata, operations));
}

type Fields = Readonly<Record<string, string>>;

function additions(path: string, live: Fields | undefined, wanted: Fields): readonly JsonPatchOperation[] {
  return Object.entries(wanted)
    .filter(([key, value]) => live?.[key] !== value)
    .map(([key, value]) => ({ op: 'add', path: `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, value }));
}

async function renew(work: TenantWork, secret: ConnectionSecret, organization: Organization, endpoint: Endpoint): Promise<void> {
  const generation = generationIn(secret, lastGeneration(work, organization)) + 1;
  const data = dataFor(organization, endpoint, generatePassword(), generation);
  await patch(work, secret, encodeData(data));
  work.note('Warning', 'PasswordReplaced', `The password in Secret ${secret.metadata.name} could not be used; a new one is in it`);
}
