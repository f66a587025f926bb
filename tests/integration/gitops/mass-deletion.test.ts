/**
 * Deletions of much at once, by one command, with the admission policy in place: the data is kept, nothing is stuck for ever, and all
 * comes back by applying it again.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { namespaceRights } from '../../../dev/install/manifests.ts';
import { API_VERSION } from '../../../src/api/group.ts';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { POSTGRES_SERVER, SECRET, STUDIO_TENANT } from '../../../src/api/resources.ts';
import { serverSentence } from '../../support/conditions.ts';
import { eventually } from '../../support/eventually.ts';
import { Studio, SYSTEM, TENANTS } from '../../support/studio.ts';
import { expectKept, expectServed, tenantWithData } from './kept.ts';
import { kubectl, kubectlDone } from './kubectl.ts';

const DOOMED = 'doomed-tenants';
const SETTINGS = { WATCH_NAMESPACES: `${TENANTS},${DOOMED}`, SWEEP_INTERVAL: '1s' };

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start();
  await studio.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: DOOMED } });
  await studio.cluster.apply(namespaceRights(DOOMED));
  await studio.startOperator(SETTINGS);
  await studio.serverReady('main');
}, 180_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

async function served(name: string, spec: object = {}): Promise<number> {
  await studio.applyTenant(name, spec);
  return await tenantWithData(studio, name);
}

describe('kubectl delete', () => {
  it('ns goes through although tenants in it have deletionPolicy Delete, and keeps their data', async () => {
    const spec = { displayName: 'Inmate', subdomain: 'inmate', deletionPolicy: 'Delete' };
    const metadata = { name: 'inmate', namespace: DOOMED };
    await studio.cluster.apply({ apiVersion: API_VERSION, kind: 'StudioTenant', metadata, spec });
    await kubectlDone(studio, ['-n', DOOMED, 'wait', 'studiotenant/inmate', '--for=condition=Ready', '--timeout=60s']);
    const refused = await kubectl(studio, ['-n', DOOMED, 'delete', 'studiotenant', 'inmate']);
    expect(refused.stderr).toContain('nobody has confirmed it');
    const [row] = await studio.master("SELECT id::int AS id FROM organizations WHERE name = 'inmate'");
    await kubectlDone(studio, ['delete', 'namespace', DOOMED, '--timeout=90s']);
    await expectKept(studio, Number(row?.['id']));
  });

  it('of an owner takes the tenant along, with its data kept', async () => {
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owner', namespace: TENANTS } };
    await studio.cluster.apply(owner);
    const { uid = '' } = JSON.parse(await kubectlDone(studio, ['-n', TENANTS, 'get', 'configmap', 'owner', '-o', 'json'])).metadata;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }];
    const spec = { displayName: 'Owned', subdomain: 'owned', deletionPolicy: 'Delete' };
    await studio.apply('StudioTenant', 'owned', spec, { ownerReferences });
    const n = await tenantWithData(studio, 'owned');
    await kubectlDone(studio, ['-n', TENANTS, 'delete', 'configmap', 'owner', '--timeout=60s']);
    await studio.gone('owned');
    await expectKept(studio, n);
  });
});

describe('an application that is deleted with server, admin Secret and tenants together', () => {
  const numbers = new Map<string, number>();
  const secret = { name: 'main-admin', namespace: SYSTEM };
  const server = () => studio.cluster.api.get<KubernetesObject>(POSTGRES_SERVER, { name: 'main' });

  it('takes the tenants away, keeps their data, and says what holds the server', async () => {
    for (const name of ['first', 'second', 'third']) numbers.set(name, await served(name));
    const propagationPolicy = 'Foreground';
    await Promise.all([
      studio.cluster.api.delete(POSTGRES_SERVER, { name: 'main' }, { propagationPolicy }),
      studio.cluster.api.delete(SECRET, secret, { propagationPolicy }),
      ...['first', 'second'].map((name) => studio.cluster.api.delete(STUDIO_TENANT, { namespace: TENANTS, name }, { propagationPolicy })),
    ]);
    for (const name of ['first', 'second']) await studio.gone(name);
    for (const name of ['first', 'second']) await expectKept(studio, numbers.get(name) ?? 0);
    expect(await serverSentence(studio, 'main', 'Reconciling', 'Deleting')).toContain(`${TENANTS}/first`);
    await expectServed(studio, 'third', numbers.get('third') ?? 0);
  });

  it('holds up a deletion that finds the Secret gone, until the Secret is back', async () => {
    await studio.operator?.stop();
    await studio.deleteTenant('third');
    await studio.startOperator(SETTINGS);
    await studio.reason('third', 'Reconciling', 'ServerUnavailable');
    await studio.applyServer('main');
    await studio.gone('third', 90_000);
    await expectKept(studio, numbers.get('third') ?? 0);
  });

  it('comes back with all data when everything is applied again', async () => {
    await studio.applyServer('main');
    for (const name of numbers.keys()) await studio.applyTenant(name);
    for (const [name, n] of numbers) await expectServed(studio, name, n);
    expect((await server())?.metadata.deletionTimestamp).toBeDefined();
  });

  it('is whole again after the server’s finalizer was taken off and the server applied once more', async () => {
    const release = JSON.stringify({ metadata: { finalizers: null } });
    await kubectlDone(studio, ['patch', 'postgresserver', 'main', '--type=merge', '-p', release]);
    await eventually(async () => (await server()) === undefined);
    await studio.applyServer('main');
    await studio.serverReady('main');
    for (const [name, n] of numbers) await expectServed(studio, name, n);
    await served('newcomer');
  });
});

describe('kubectl delete crd', () => {
  it('asks no policy, and keeps the data of everybody', async () => {
    const careless = await served('careless', { deletionPolicy: 'Delete' });
    const { organizationId = 0 } = (await studio.settled('newcomer')).status ?? {};
    await kubectlDone(studio, ['delete', 'crd', 'studiotenants.studio-platform.io', '--timeout=90s']);
    await expectKept(studio, careless);
    await expectKept(studio, organizationId);
  });

  it('loses nothing: definition and tenants applied again are served from their data', async () => {
    await kubectlDone(studio, ['apply', '--server-side', '-f', 'crds/studiotenants.yaml']);
    await kubectlDone(studio, ['wait', 'crd/studiotenants.studio-platform.io', '--for=condition=Established', '--timeout=30s']);
    await studio.applyTenant('careless', { deletionPolicy: 'Delete' });
    await studio.settled('careless', 90_000);
    expect(await studio.asTenant('careless', 'SELECT value FROM public.mark')).toEqual([{ value: 'careless' }]);
  });
});
