// Where a program under test finds the tenants' passwords: a directory of mounted files, or Secrets in a real API server, readable by a
// ServiceAccount that may do nothing else. Separate because the programs differ in which of them they read.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import type { SqlPlatform, SqlTenant } from '../../dev/sql-tenants.ts';
import { applyObject, freshNamespace, serviceAccountKubeConfig } from './kube.ts';

export interface TenantSecrets extends AsyncDisposable {
  /** How the program is told. */
  readonly env: Readonly<Record<string, string>>;
  /** Writes what the platform says now. */
  put(tenant: SqlTenant): Promise<void>;
}

const keysOf = (platform: SqlPlatform, { organizationId }: SqlTenant): Readonly<Record<string, string>> => {
  const credentials = platform.secrets.get(organizationId);
  if (credentials === undefined) throw new Error(`organization ${organizationId} has no credentials`);
  const { username, password, database, generation = 1 } = credentials;
  return { type: 'postgresql', username, password, database, sslmode: 'disable', generation: String(generation) };
};

const secretName = ({ subdomain }: SqlTenant): string => `${subdomain}-database`;

export const mountedSecrets = async (platform: SqlPlatform): Promise<TenantSecrets> => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tenant-secrets-'));
  return {
    env: { CREDENTIALS_DIRECTORY: directory },
    put: async (tenant) => {
      await mkdir(path.join(directory, secretName(tenant)), { recursive: true });
      for (const [key, value] of Object.entries(keysOf(platform, tenant))) {
        await writeFile(path.join(directory, secretName(tenant), key), value);
      }
    },
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true, force: true }),
  };
};

/** The right to `get` Secrets in one namespace. */
export const kubernetesSecretsOf = async (platform: SqlPlatform): Promise<TenantSecrets> => {
  const namespace = await freshNamespace('application');
  const directory = await mkdtemp(path.join(os.tmpdir(), 'application-kubeconfig-'));
  const named = (name: string) => ({ name, namespace: namespace.name });
  const rbac = 'rbac.authorization.k8s.io';
  await applyObject({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: named('application') });
  await applyObject({
    apiVersion: `${rbac}/v1`,
    kind: 'Role',
    metadata: named('reads-secrets'),
    rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
  });
  await applyObject({
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata: named('reads-secrets'),
    roleRef: { apiGroup: rbac, kind: 'Role', name: 'reads-secrets' },
    subjects: [{ kind: 'ServiceAccount', ...named('application') }],
  });
  const kubeconfig = path.join(directory, 'kubeconfig');
  await writeFile(kubeconfig, (await serviceAccountKubeConfig(namespace.name, 'application')).exportConfig());
  return {
    env: { KUBECONFIG: kubeconfig },
    put: async (tenant) => {
      const data = Object.entries(keysOf(platform, tenant)).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
      await applyObject({
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'servicebinding.io/postgresql',
        metadata: named(secretName(tenant)),
        data: Object.fromEntries(data),
      });
      await platform.master('UPDATE organizations SET secret_namespace = $2 WHERE id = $1 AND secret_namespace <> $2', [
        tenant.organizationId,
        namespace.name,
      ]);
    },
    [Symbol.asyncDispose]: async () => {
      await rm(directory, { recursive: true, force: true });
      await namespace[Symbol.asyncDispose]();
    },
  };
};
