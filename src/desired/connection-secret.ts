/**
 * The tenant's connection Secret: what should be in it, and what a Secret found in the cluster tells.
 * Separate from the step because the Roles and Login steps read it too. Keys follow the Service Binding specification.
 */
import { LABELS, MANAGED_BY_LABELS } from '../api/group.ts';
import { secretName } from '../api/names.ts';
import type { KubernetesObject } from '../api/object-meta.ts';
import type { StudioTenant } from '../api/studio-tenant.ts';
import { ownedBy } from './owner-reference.ts';

export interface ConnectionSecret extends KubernetesObject {
  readonly type?: string;
  /** Values in base64, as the API server stores them. */
  readonly data?: Readonly<Record<string, string>>;
}

/** Where a tenant's application connects, e.g. a pooler. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly sslmode: string;
  /** PEM; the key `ca.crt` is left out where there is none. */
  readonly ca?: string | undefined;
}

export interface Credentials {
  readonly database: string;
  readonly username: string;
  readonly password: string;
  /** Counts passwords: 1 is the first. */
  readonly generation: number;
}

export const SECRET_TYPE = 'servicebinding.io/postgresql';

/** bcrypt ignores what comes after byte 72, and PostgreSQL takes no NUL. */
const MAX_PASSWORD_BYTES = 72;

/** The keys other than the password that must be as given. Plain text. */
export function connectionSecretData(credentials: Credentials, endpoint: Endpoint): Readonly<Record<string, string>> {
  const { database, username, password, generation } = credentials;
  const uri = new URL(`postgresql://${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}`);
  uri.port = String(endpoint.port);
  uri.username = encodeURIComponent(username);
  uri.password = encodeURIComponent(password);
  uri.pathname = `/${database}`;
  uri.searchParams.set('sslmode', endpoint.sslmode);
  return {
    type: 'postgresql',
    provider: 'studio-operator',
    host: endpoint.host,
    port: String(endpoint.port),
    database,
    username,
    password,
    uri: uri.href,
    sslmode: endpoint.sslmode,
    ...(endpoint.ca === undefined ? {} : { 'ca.crt': endpoint.ca }),
    generation: String(generation),
  };
}

/** By them the operator hears of changes: without them it would see none. */
export function connectionSecretLabels(tenant: StudioTenant): Readonly<Record<string, string>> {
  return { ...MANAGED_BY_LABELS, [LABELS.tenant]: tenant.metadata.name };
}

/** The Secret as it is created. */
export function connectionSecret(tenant: StudioTenant, data: Readonly<Record<string, string>>) {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: SECRET_TYPE,
    metadata: {
      name: secretName(tenant.metadata.name),
      namespace: tenant.metadata.namespace ?? '',
      labels: connectionSecretLabels(tenant),
      ownerReferences: [ownedBy(tenant)],
    },
    data: encodeData(data),
  };
}

export function encodeData(data: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));
}

/** The password in a Secret, or undefined where there is none that could be used. */
export function passwordOf(secret: ConnectionSecret): string | undefined {
  const bytes = Buffer.from(secret.data?.['password'] ?? '', 'base64');
  const password = bytes.toString('utf8');
  const usable = bytes.length > 0 && bytes.length <= MAX_PASSWORD_BYTES && Buffer.from(password).equals(bytes) && isPrintable(password);
  return usable ? password : undefined;
}

/** Other characters would need SASLprep, which clients do differently: the same password would work for one and not for another. */
function isPrintable(password: string): boolean {
  return /^[\x21-\x7e]+$/.test(password);
}

/** Which state of which Secret: changes with every write to it, and when it is deleted and made again. */
export function secretVersion(secret: ConnectionSecret): string {
  return `${secret.metadata.uid}/${secret.metadata.resourceVersion}`;
}

/** The generation the Secret says, where it says one that can be true; never one below what has been recorded. */
export function generationIn(secret: ConnectionSecret, recorded: number): number {
  const text = Buffer.from(secret.data?.['generation'] ?? '', 'base64').toString();
  const stated = /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : 1;
  return Math.max(stated, recorded, 1);
}
