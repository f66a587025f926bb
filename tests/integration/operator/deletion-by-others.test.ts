/**
 * Deletions that nobody has prepared for: with the namespace, by a GitOps tool that prunes first, of what others hold on to.
 * Separate from deletion.test.ts, which deletes one tenant as it should be done.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { namespaceRights } from '../../../dev/install/manifests.ts';
import { ANNOTATION } from '../../../src/api/annotations.ts';
import { API_VERSION } from '../../../src/api/group.ts';
import { findCondition } from '../../../src/api/conditions.ts';
import { INGRESS, NAMESPACE, POD, type Resource, SCHEMA_RELEASE, SECRET, STUDIO_TENANT } from '../../../src/api/resources.ts';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import type { StudioTenant } from '../../../src/api/studio-tenant.ts';
import { sentenceOf, sqlIn } from '../../support/conditions.ts';
import { eventually } from '../../support/eventually.ts';
import { type AuditEntry, Studio, TENANTS } from '../../support/studio.ts';

const DOOMED = 'doomed-tenants';
const SETTINGS = { WATCH_NAMESPACES: `${TENANTS},${DOOMED}` };

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start({ pods: ({ metadata }) => (metadata?.namespace === DOOMED ? { kind: 'hang' } : { kind: 'run' }) });
  await makeNamespace();
  await studio.startOperator(SETTINGS);
  await studio.serverReady('main');
}, 180_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

async function makeNamespace(): Promise<void> {
  await studio.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: DOOMED } });
  await studio.cluster.apply(namespaceRights(DOOMED));
}

async function readyTenant(name: string, spec: object = {}, annotations: Readonly<Record<string, string>> = {}): Promise<number> {
  await studio.applyTenant(name, spec, annotations);
  return (await studio.settled(name)).status?.organizationId ?? 0;
}

const statusInMaster = async (n: number): Promise<unknown> =>
  (await studio.master('SELECT status FROM organizations WHERE id = $1', [n]))[0]?.['status'];
const onServer = async (n: number): Promise<readonly string[]> =>
  (
    await studio.superuser(
      `SELECT datname::text AS name FROM pg_database WHERE datname LIKE 'studio\\_${n}\\_db%'
       UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE 'studio\\_${n}\\_db%'`,
    )
  ).map(({ name }) => String(name));
const exists = async (resource: Resource, name: string, namespace = TENANTS): Promise<boolean> =>
  (await studio.cluster.api.get<KubernetesObject>(resource, { namespace, name })) !== undefined;

/** What the operator has made in a namespace since a moment. */
async function madeSince(time: string, namespace: string): Promise<readonly string[]> {
  const isMade = ({ verb, objectRef, responseStatus, user, stageTimestamp }: AuditEntry): boolean =>
    user.username.endsWith(':studio-operator') &&
    objectRef?.namespace === namespace &&
    ['secrets', 'jobs', 'ingresses'].includes(objectRef.resource ?? '') &&
    ['create', 'patch'].includes(verb) &&
    (responseStatus?.code ?? 500) < 300 &&
    stageTimestamp > time;
  return (await studio.audit()).filter(isMade).map(({ verb, requestURI }) => `${verb} ${requestURI}`);
}

describe('by a tool that prunes', () => {
  it('in the foreground, takes Secret and Ingress along and makes none of them again', async () => {
    const n = await readyTenant('pruned');
    const time = new Date().toISOString();
    await studio.cluster.api.delete(STUDIO_TENANT, { namespace: TENANTS, name: 'pruned' }, { propagationPolicy: 'Foreground' });
    await studio.gone('pruned');
    expect(await statusInMaster(n)).toBe('retained');
    await eventually(async () => !(await exists(SECRET, 'pruned-database')) && !(await exists(INGRESS, 'pruned')));
    expect(await madeSince(time, TENANTS)).toEqual([]);
  });

  it.each(['Retain', 'Delete'])('needs neither Secret nor Ingress, which were pruned before (%s)', async (deletionPolicy) => {
    const name = `bare-${deletionPolicy.toLowerCase()}`;
    const n = await readyTenant(name, { deletionPolicy }, { [ANNOTATION.confirmDeletion]: name });
    await studio.operator?.stop();
    const time = new Date().toISOString();
    await studio.cluster.api.delete(SECRET, { namespace: TENANTS, name: `${name}-database` });
    await studio.cluster.api.delete(INGRESS, { namespace: TENANTS, name });
    await studio.deleteTenant(name);
    await studio.startOperator(SETTINGS);
    await studio.gone(name);
    expect(await statusInMaster(n)).toBe(deletionPolicy === 'Retain' ? 'retained' : 'deleted');
    expect((await onServer(n)).length > 0).toBe(deletionPolicy === 'Retain');
    expect(await madeSince(time, TENANTS)).toEqual([]);
  });
});

describe('of what others hold on to', () => {
  it('RolePinned waits while a closed database grants something to the role, and goes on when that is open', async () => {
    const [host, victim] = [
      await readyTenant('host'),
      await readyTenant('victim', { deletionPolicy: 'Delete' }, { [ANNOTATION.confirmDeletion]: 'victim' }),
    ];
    const pin = `SET ROLE studio_${host}_db_owner; CREATE TABLE public.pin (i int); GRANT SELECT ON public.pin TO studio_${victim}_db`;
    await studio.superuser(pin, `studio_${host}_db`);
    await studio.deleteTenant('host');
    await studio.gone('host');
    await studio.deleteTenant('victim');
    expect(await sentenceOf(studio, 'victim', 'Reconciling', 'RolePinned')).toContain(`studio_${host}_db`);
    // The database is gone already; only roles are left, and they cannot log in.
    expect((await onServer(victim)).toSorted()).toEqual([`studio_${victim}_db`, `studio_${victim}_db_owner`]);
    expect(await studio.superuser(`SELECT 1 FROM pg_database WHERE datname = 'studio_${victim}_db'`)).toEqual([]);
    expect(await studio.superuser(`SELECT rolcanlogin FROM pg_roles WHERE rolname = 'studio_${victim}_db'`)).toEqual([
      { rolcanlogin: false },
    ]);
    await readyTenant('host');
    await studio.cluster.annotate(STUDIO_TENANT, { namespace: TENANTS, name: 'victim' }, { [ANNOTATION.retry]: '1' });
    await studio.gone('victim');
    expect(await onServer(victim)).toEqual([]);
    expect(await studio.asTenant('host', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('OwnerChanged waits while the database does not belong to the operator any more', async () => {
    const n = await readyTenant('taken', { deletionPolicy: 'Delete' }, { [ANNOTATION.confirmDeletion]: 'taken' });
    await studio.superuser(`ALTER DATABASE studio_${n}_db OWNER TO postgres`);
    await studio.deleteTenant('taken');
    await studio.superuser(sqlIn(await sentenceOf(studio, 'taken', 'Reconciling', 'OwnerChanged')));
    await studio.cluster.annotate(STUDIO_TENANT, { namespace: TENANTS, name: 'taken' }, { [ANNOTATION.retry]: '1' });
    await studio.gone('taken');
    expect(await onServer(n)).toEqual([]);
  });
});

describe('with its namespace', () => {
  const get = (name: string) => studio.cluster.api.get<StudioTenant>(STUDIO_TENANT, { namespace: DOOMED, name });
  const apply = async (name: string, spec: object = {}): Promise<void> => {
    const metadata = { name, namespace: DOOMED };
    await studio.cluster.apply({
      apiVersion: API_VERSION,
      kind: 'StudioTenant',
      metadata,
      spec: { displayName: name, subdomain: name, ...spec },
    });
  };
  const settled = (name: string): Promise<StudioTenant> =>
    eventually(
      async () => {
        const tenant = await get(name);
        if (findCondition(tenant?.status?.conditions, 'Ready')?.status === 'True') return tenant;
        throw new Error(`${name} is ${JSON.stringify(tenant?.status)}`);
      },
      { timeoutMs: 60_000 },
    );

  it('keeps the data, holds nothing up, and makes nothing in it; others are served on; all comes back', async () => {
    await apply('served', { deletionPolicy: 'Delete' });
    const n = (await settled('served')).status?.organizationId ?? 0;
    await studio.superuser(`CREATE TABLE public.mark (i int)`, `studio_${n}_db`);
    await studio.apply('SchemaRelease', 'studio-1', { version: 1, args: ['migrations/tenant/studio-1'] });
    await apply('migrating');
    const pods = () => studio.cluster.api.list<KubernetesObject>(POD, { namespace: DOOMED });
    await eventually(async () => (await pods()).items.length >= 2, { timeoutMs: 60_000 });
    const [row] = await studio.master("SELECT id::int AS n FROM organizations WHERE name = 'migrating'");
    const migrating = Number(row?.['n']);

    const time = new Date().toISOString();
    await studio.cluster.api.delete(NAMESPACE, { name: DOOMED });
    await eventually(async () => (await studio.cluster.api.get(NAMESPACE, { name: DOOMED })) === undefined, { timeoutMs: 90_000 });
    expect(await madeSince(time, DOOMED)).toEqual([]);
    expect([await statusInMaster(n), await statusInMaster(migrating)]).toEqual(['retained', 'retained']);
    const open = `SELECT datname FROM pg_database WHERE datname IN ('studio_${n}_db', 'studio_${migrating}_db') AND datallowconn`;
    expect(await studio.superuser(open)).toEqual([]);
    await readyTenant('unharmed');

    // A new operator meets a watched namespace in which it has no rights any more.
    await studio.operator?.stop();
    await studio.startOperator(SETTINGS);
    await readyTenant('unharmed-too');

    await studio.cluster.api.delete(SCHEMA_RELEASE, { name: 'studio-1' });
    await makeNamespace();
    await apply('served');
    expect((await settled('served')).status?.organizationId).toBe(n);
    expect(await studio.superuser("SELECT to_regclass('public.mark') IS NOT NULL AS kept", `studio_${n}_db`)).toEqual([{ kept: true }]);
  });
});
