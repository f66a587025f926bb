/*
 * The Secrets behind a PostgresServer: the administrator's login, the certificate authority, and the login of the role
 * that the operator makes itself. Separate because they are the only secrets that are read for a server; each is read by
 * name when connecting, never watched.
 */
import { GROUP, MANAGED_BY_LABELS } from '../api/group.ts';
import { OPERATOR_ROLE } from '../api/names.ts';
import type { KubernetesObject } from '../api/object-meta.ts';
import type { PostgresServer } from '../api/postgres-server.ts';
import type { SecretReference } from '../api/references.ts';
import { POSTGRES_SERVER, SECRET } from '../api/resources.ts';
import { isAlreadyExists, isForbidden } from '../clients/kubernetes/errors.ts';
import type { Kubernetes } from '../clients/kubernetes/kubernetes.ts';
import { generatePassword } from '../clients/passwords.ts';
import type { TlsOptions } from '../clients/postgres/connection.ts';
import { ServerNotReady } from './server-not-ready.ts';

export interface Login {
  readonly user: string;
  readonly password: string;
}

export interface SecretSource {
  readonly kubernetes: Kubernetes;
  readonly operatorNamespace: string;
}

interface Secret extends KubernetesObject {
  /** base64 */
  readonly data?: Readonly<Record<string, string>>;
}

/** What is wrong is said of the Secret's name only, never of its content. Throws ServerNotReady. */
export async function adminLogin(source: SecretSource, { spec }: PostgresServer): Promise<Login> {
  const { secret, name } = await readReferenced(source, spec.adminSecretRef, 'adminSecretRef');
  const [user, password] = [textIn(secret, 'username'), textIn(secret, 'password')];
  if (user !== undefined && password !== undefined) return { user, password };
  throw new ServerNotReady('AdminSecretInvalid', `Secret ${name} needs the keys username and password.`);
}

export async function tlsOptions(source: SecretSource, { spec }: PostgresServer): Promise<TlsOptions> {
  const { mode, caSecretRef } = spec.tls;
  if (caSecretRef === undefined) return { mode };
  const { secret, name } = await readReferenced(source, caSecretRef, 'tls.caSecretRef');
  const ca = textIn(secret, 'ca.crt');
  if (ca !== undefined) return { mode, ca };
  throw new ServerNotReady('CaSecretInvalid', `Secret ${name} needs the key ca.crt.`);
}

/** Undefined: not made yet. */
export async function operatorLogin({ kubernetes, operatorNamespace }: SecretSource, server: PostgresServer): Promise<Login | undefined> {
  const secret = await kubernetes.get<Secret>(SECRET, { namespace: operatorNamespace, name: operatorSecretName(server) });
  const password = secret === undefined ? undefined : textIn(secret, 'password');
  return password === undefined ? undefined : { user: OPERATOR_ROLE, password };
}

/** Before the role exists, so that its password is never lost. Who comes second takes what the first has made. */
export async function ensureOperatorLogin(source: SecretSource, server: PostgresServer): Promise<Login> {
  const known = await operatorLogin(source, server);
  if (known !== undefined) return known;
  const made = { user: OPERATOR_ROLE, password: generatePassword() };
  try {
    await source.kubernetes.create(SECRET, operatorSecret(source, server, made));
    return made;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const other = await operatorLogin(source, server);
    if (other !== undefined) return other;
    throw new ServerNotReady(
      'OperatorSecretInvalid',
      `Secret ${source.operatorNamespace}/${operatorSecretName(server)} has no password. Delete it, and another is made.`,
    );
  }
}

function operatorSecretName({ metadata }: PostgresServer): string {
  return `postgres-server-${metadata.name}`;
}

function operatorSecret({ operatorNamespace }: SecretSource, server: PostgresServer, { user, password }: Login) {
  const { name, uid } = server.metadata;
  return {
    metadata: {
      name: operatorSecretName(server),
      namespace: operatorNamespace,
      labels: { ...MANAGED_BY_LABELS, [`${GROUP}/server`]: name },
      ownerReferences: [{ apiVersion: server.apiVersion, kind: POSTGRES_SERVER.kind, name, uid }],
    },
    type: 'kubernetes.io/basic-auth',
    data: { username: base64(user), password: base64(password) },
  };
}

async function readReferenced(source: SecretSource, reference: SecretReference, field: string): Promise<{ secret: Secret; name: string }> {
  const namespace = reference.namespace ?? source.operatorNamespace;
  const name = `${namespace}/${reference.name}`;
  try {
    const secret = await source.kubernetes.get<Secret>(SECRET, { namespace, name: reference.name });
    if (secret !== undefined) return { secret, name };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    throw new ServerNotReady(
      'SecretForbidden',
      `The operator may not read Secret ${name} (spec.${field}). In namespace ${namespace} give its ServiceAccount a Role with: ` +
        `apiGroups [""], resources [secrets], resourceNames [${reference.name}], verbs [get].`,
    );
  }
  throw new ServerNotReady('SecretNotFound', `There is no Secret ${name}. Create it, or correct spec.${field}.`);
}

function textIn({ data }: Secret, key: string): string | undefined {
  const text = Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');
  return text === '' ? undefined : text;
}

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
