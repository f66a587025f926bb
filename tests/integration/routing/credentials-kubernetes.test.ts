import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kubernetesSecrets } from '../../../src/routing/kubernetes.ts';
import type { Tenant } from '../../../src/routing/tenant.ts';
import { eventually } from '../../support/eventually.ts';
import { applyObject, applyYaml, deleteObject, freshNamespace, serviceAccountKubeConfig } from '../../support/kube.ts';

const tenantIn = (namespace: string, name: string): Tenant => ({
  organizationId: 7,
  subdomain: 'my-studio',
  displayName: 'My Studio',
  state: 'active',
  databaseName: 'studio_7_db',
  server: { name: 'main', host: '127.0.0.1', port: 5432 },
  schema: undefined,
  credentials: { namespace, name, generation: 1 },
});
const KEYS = {
  username: 'studio_7_db',
  password: 'Grüße, Welt',
  database: 'studio_7_db',
  sslmode: 'verify-full',
  'ca.crt': 'PEM\n',
  generation: '3',
};

describe('credentials from Secrets', () => {
  let namespace: Awaited<ReturnType<typeof freshNamespace>>;
  let other: Awaited<ReturnType<typeof freshNamespace>>;
  let config: Awaited<ReturnType<typeof serviceAccountKubeConfig>>;
  const secret = async (name: string, stringData: Record<string, string>, into = namespace.name): Promise<void> => {
    await applyObject({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: into }, stringData });
  };

  beforeAll(async () => {
    namespace = await freshNamespace();
    other = await freshNamespace();
    await applyYaml(
      `
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: reader, namespace: ${namespace.name}}]
`,
      namespace.name,
    );
    config = await serviceAccountKubeConfig(namespace.name, 'reader');
    await secret('my-studio-database', KEYS);
    await secret('my-studio-database', KEYS, other.name);
  });
  afterAll(async () => {
    await namespace[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  });

  it('are read with the right to get and no other, and again when asked', async () => {
    const provider = kubernetesSecrets({ kubeConfig: config });
    const tenant = tenantIn(namespace.name, 'my-studio-database');
    // Rights take a moment to be seen.
    const first = await eventually(async () => await provider.get(tenant, { fresh: false }));
    expect(first).toEqual({
      username: 'studio_7_db',
      password: 'Grüße, Welt',
      database: 'studio_7_db',
      sslmode: 'verify-full',
      ca: 'PEM\n',
      generation: 3,
    });
    await secret('my-studio-database', { ...KEYS, password: 'another', generation: '4' });
    expect(await provider.get(tenant, { fresh: true })).toMatchObject({ password: 'another', generation: 4 });
    await Promise.all(
      Array.from({ length: 40 }, async () => expect(await provider.get(tenant, { fresh: true })).toMatchObject({ generation: 4 })),
    );
    await provider.close?.();
  });

  it('of another tenant are refused', async () => {
    const provider = kubernetesSecrets({ kubeConfig: config });
    await secret('mixed-up', { ...KEYS, database: 'studio_8_db' });
    await expect(provider.get(tenantIn(namespace.name, 'mixed-up'), { fresh: false })).rejects.toMatchObject({ code: 'wrong_tenant' });
    await provider.close?.();
  });

  it('that are missing, incomplete, forbidden or out of bounds are unavailable, and nothing of them is in the error', async () => {
    const provider = kubernetesSecrets({ kubeConfig: config });
    await secret('incomplete', { username: 'studio_7_db', database: 'studio_7_db', token: 'very-secret' });
    await secret('odd-mode', { ...KEYS, sslmode: 'prefer' });
    const cases: readonly [Tenant, string][] = [
      [tenantIn(namespace.name, 'none'), 'does not exist'],
      [tenantIn(namespace.name, 'incomplete'), 'lacks'],
      [tenantIn(namespace.name, 'odd-mode'), 'unknown sslmode'],
      [tenantIn(other.name, 'my-studio-database'), 'no right to read'],
      [tenantIn(namespace.name, '../../../nodes'), 'no valid name'],
      [{ ...tenantIn(namespace.name, 'x'), credentials: undefined }, 'no credentials yet'],
    ];
    for (const [tenant, sentence] of cases) {
      const error = await provider.get(tenant, { fresh: false }).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'tenant_unavailable', message: expect.stringContaining(sentence) as string });
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/very-secret|Grüße/);
    }
    const bounded = kubernetesSecrets({ kubeConfig: config, namespaces: ['elsewhere'] });
    await expect(bounded.get(tenantIn(namespace.name, 'my-studio-database'), { fresh: false })).rejects.toThrow('not served');
    await deleteObject({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'incomplete', namespace: namespace.name } });
    await provider.close?.();
    await bounded.close?.();
  });

  it('cannot be read after their asker gave up, nor where nobody answers', async () => {
    const provider = kubernetesSecrets({ kubeConfig: config });
    const tenant = tenantIn(namespace.name, 'my-studio-database');
    await expect(provider.get(tenant, { fresh: true, signal: AbortSignal.abort(new Error('gave up')) })).rejects.toMatchObject({
      code: 'tenant_unavailable',
    });
    await provider.close?.();
    expect(() => kubernetesSecrets()).toThrow();
  });
});
