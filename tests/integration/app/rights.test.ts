/** What the application may do, tried with its own login and its own ServiceAccount: what it needs, and nothing beside. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { ApiException, CoreV1Api, KubernetesObjectApi } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

import { namespaces } from '../../../dev/install/manifests.ts';
import { APPLICATION, INSTALLATION } from '../../../dev/install/names.ts';
import { prepareApplicationLogin } from '../../../dev/postgres/application-login.ts';
import type { SqlPlatform } from '../../../dev/sql-tenants.ts';
import { startApplication } from '../../../src/app/application.ts';
import { applicationSettings } from '../../../src/app/settings.ts';
import { createLogger } from '../../../src/log.ts';
import { applicationEnvironment, ask, startStudios } from '../../support/application.ts';
import { eventually } from '../../support/eventually.ts';
import { type AnyObject, applyObject, deleteObject, serviceAccountKubeConfig } from '../../support/kube.ts';
import { queryAs } from '../../support/postgres.ts';
import { APPLY_PATCH, call } from '../api/api-server.ts';

const MANIFEST = path.resolve(import.meta.dirname, '../../../manifests/application.yaml');
const objects = parseAllDocuments(readFileSync(MANIFEST, 'utf8')).map((document) => document.toJS() as AnyObject);
const deployment = objects.find(({ kind }) => kind === 'Deployment');
const { name: NAME, namespace: TENANTS } = APPLICATION;

let platform: SqlPlatform;

beforeAll(async () => {
  platform = await startStudios();
});

afterAll(async () => {
  await platform[Symbol.asyncDispose]();
});

describe('the login studio_app', () => {
  /** Each with the SQLSTATE of its refusal. */
  const attempted = async (...statements: readonly string[]): Promise<readonly unknown[]> =>
    await Promise.all(
      statements.map(async (sql) => [
        sql,
        await queryAs(platform.applicationUrl, sql).then(
          () => 'allowed',
          (error: { code?: string }) => error.code,
        ),
      ]),
    );
  const expectRefused = async (...statements: readonly string[]): Promise<void> => {
    expect(await attempted(...statements)).toEqual(statements.map((sql) => [sql, '42501']));
  };

  it('reads where tenants are, and cannot change it', async () => {
    await platform.addTenant('readable');
    expect(await queryAs(platform.applicationUrl, 'SELECT subdomain FROM public.tenant_routes')).toContainEqual({ subdomain: 'readable' });
    await expectRefused(
      "UPDATE public.organizations SET status = 'suspended'",
      "UPDATE public.tenant_routes SET status = 'suspended'",
      'DELETE FROM public.organizations',
      "INSERT INTO public.organization_domains (domain, organization_id) VALUES ('a.example', 1)",
      'DELETE FROM public.organization_domains',
      'CREATE TABLE public.mine (id integer)',
    );
  });

  it('reads no password hash and no history', async () => {
    await expectRefused(
      'SELECT database_password_hash FROM public.organizations',
      'SELECT * FROM public.organizations',
      'SELECT * FROM public.tenant_events',
    );
  });

  it('changes balances by the two functions alone, and no plan', async () => {
    const { organizationId } = await platform.addTenant('spender', { credits: 10 });
    const [spent] = await queryAs(
      platform.applicationUrl,
      `SELECT spent, balance FROM public.spend_ai_credits(${organizationId}, 4, 'once')`,
    );
    expect(spent).toEqual({ spent: true, balance: '6' });
    await expectRefused(
      'UPDATE public.ai_credits_accounts SET balance = 1000',
      'DELETE FROM public.ai_credits_spends',
      "UPDATE public.subscriptions SET plan = 'pro'",
    );
  });

  it('cannot connect to the database of a tenant', async () => {
    const { databaseName } = await platform.addTenant('closed');
    const url = new URL(platform.applicationUrl);
    url.pathname = `/${databaseName}`;
    await expect(queryAs(url.href, 'SELECT 1')).rejects.toMatchObject({ code: '42501' });
  });

  it('is made again with a new password and the same rights', async () => {
    const again = await prepareApplicationLogin({ administratorUrl: platform.server.superuserUrl, masterUrl: platform.masterUrl });
    await expect(queryAs(platform.applicationUrl, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect(await queryAs(again, 'SELECT count(*) > 0 AS some FROM public.tenant_routes')).toEqual([{ some: true }]);
    const { password } = new URL(platform.applicationUrl);
    await platform.superuser(`ALTER ROLE studio_app PASSWORD '${password}'`);
  });
});

describe('manifests/application.yaml', () => {
  beforeAll(async () => {
    for (const namespace of namespaces()) await applyObject(namespace);
    // The Deployment's pods would wait for an image.
    for (const object of objects) if (object !== deployment) await applyObject(object);
  });

  it('is accepted whole', async () => {
    for (const object of objects) {
      const group = object.apiVersion.includes('/') ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
      const plural = { PodDisruptionBudget: 'poddisruptionbudgets' }[object.kind] ?? `${object.kind.toLowerCase()}s`;
      const query = 'fieldManager=test&force=true&fieldValidation=Strict&dryRun=All';
      const answer = await call({
        method: 'PATCH',
        path: `${group}/namespaces/${TENANTS}/${plural}/${object.metadata.name}?${query}`,
        body: object,
        contentType: APPLY_PATCH,
      });
      expect({ kind: object.kind, code: answer.code, message: answer.body.message }).toEqual({
        kind: object.kind,
        code: expect.toBeOneOf([200, 201]),
      });
    }
  });

  it("runs a pod that its namespace's restricted pod security lets in", async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'trial', namespace: TENANTS },
      spec: deployment?.['spec'].template.spec,
    };
    const dryRun = `/api/v1/namespaces/${TENANTS}/pods?dryRun=All`;
    expect(await call({ method: 'POST', path: dryRun, body: pod })).toMatchObject({ code: 201 });
    expect(await call({ method: 'POST', path: dryRun, body: { ...pod, spec: { ...pod.spec, securityContext: {} } } })).toMatchObject({
      code: 403,
    });
  });
});

describe('the ServiceAccount studio-app', () => {
  it('gets a Secret by its name, and nothing else', async () => {
    const config = await serviceAccountKubeConfig(TENANTS, NAME);
    const core = config.makeApiClient(CoreV1Api);
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'rights-trial', namespace: TENANTS }, stringData: { a: 'b' } };
    await applyObject(secret);
    const [inTenants, name] = [{ namespace: TENANTS }, 'rights-trial'];

    expect((await core.readNamespacedSecret({ ...inTenants, name })).metadata?.name).toBe(name);
    const attempts: Readonly<Record<string, () => Promise<unknown>>> = {
      'list secrets': async () => await core.listNamespacedSecret(inTenants),
      'watch secrets': async () => await core.listNamespacedSecret({ ...inTenants, watch: true, timeoutSeconds: 1 }),
      'delete secrets': async () => await core.deleteNamespacedSecret({ ...inTenants, name, dryRun: 'All' }),
      'create secrets': async () => await KubernetesObjectApi.makeApiClient(config).create(secret, undefined, 'All'),
      'list secrets of all': async () => await core.listSecretForAllNamespaces(),
      "get the operator's secrets": async () =>
        await core.readNamespacedSecret({ namespace: INSTALLATION.namespace, name: 'postgres-main-admin' }),
      'get secrets of default': async () => await core.readNamespacedSecret({ namespace: 'default', name }),
      'list pods': async () => await core.listNamespacedPod(inTenants),
      'get config maps': async () => await core.readNamespacedConfigMap({ ...inTenants, name }),
      'list namespaces': async () => await core.listNamespace(),
    };
    const codes = await Promise.all(
      Object.entries(attempts).map(async ([what, attempt]) => [what, await attempt().then(() => 'allowed', codeOf)] as const),
    );
    await deleteObject(secret);

    expect(Object.fromEntries(codes)).toEqual(Object.fromEntries(Object.keys(attempts).map((what) => [what, 403])));
  });

  it('is enough to serve a tenant, before and after a new password', async () => {
    const tenant = await platform.addTenant('by-secret');
    const directory = await mkdtemp(path.join(os.tmpdir(), 'studio-app-'));
    const kubeconfig = path.join(directory, 'kubeconfig');
    await writeFile(kubeconfig, (await serviceAccountKubeConfig(TENANTS, NAME)).exportConfig());
    const secret = (password: string, generation: string): AnyObject => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'by-secret-database', namespace: TENANTS },
      stringData: { username: tenant.username, database: tenant.databaseName, sslmode: 'disable', password, generation },
    });
    await applyObject(secret(tenant.password, '1'));
    const application = await startApplication({
      settings: applicationSettings({ ...applicationEnvironment(platform), KUBECONFIG: kubeconfig, TENANT_NAMESPACES: TENANTS }, []),
      log: createLogger({ level: 'error', format: 'json' }, { isTerminal: false }),
    });
    try {
      expect(await ask(application.port, 'by-secret', { path: '/sessions' })).toMatchObject({ status: 200 });

      await platform.rotate(tenant);
      await applyObject(secret(platform.secrets.get(tenant.organizationId)?.password ?? '', '2'));
      await platform.superuser('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [tenant.databaseName]);
      await eventually(async () => (await ask(application.port, 'by-secret', { path: '/sessions' })).status === 200);
    } finally {
      expect(await application.stop()).toBe(true);
      await deleteObject(secret('', '0'));
      await rm(directory, { recursive: true });
    }
  });
});

function codeOf(error: unknown): unknown {
  return error instanceof ApiException ? error.code : error;
}
