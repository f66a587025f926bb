/**
 * What the API server's audit log says of the operator over a whole run: nothing that it may not, nothing that belongs to
 * people, and in a steady state nothing at all but its Lease.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { NAMESPACE, POSTGRES_SERVER, type Resource, SCHEMA_RELEASE, STUDIO_TENANT, TENANT_PLAN } from '../../../src/api/resources.ts';
import { eventually } from '../../support/eventually.ts';
import { allSettled, applyTenants, namesOf } from '../../support/fleet.ts';
import { type AuditEntry, Studio, SYSTEM, TENANTS } from '../../support/studio.ts';

const OPERATOR = `system:serviceaccount:${SYSTEM}:studio-operator`;
const READS = new Set(['get', 'list', 'watch']);
const LEFT = namesOf('steady', 5);
/** Enough for several sweeps. */
const RENEWALS = 10;

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start();
  const [first, second] = ['migrations/tenant/studio-1', 'migrations/tenant/studio-2'];
  await studio.apply('SchemaRelease', 'one', { version: 1, args: [first] });
  // A login probe reads its tenant's Secret; none is due in this run.
  await studio.startOperator({ SWEEP_INTERVAL: '2s', PROBE_INTERVAL: '24h' });
  await applyTenants(studio, LEFT);
  await studio.applyTenant('erased', { deletionPolicy: 'Delete' }, { [ANNOTATION.confirmDeletion]: 'erased' });
  await allSettled(studio, [...LEFT, 'erased']);
  await studio.apply('SchemaRelease', 'two', { version: 2, args: [first, second] });
  await Promise.all(LEFT.map((name) => studio.waitFor(name, ({ status }) => status?.schema?.version === 2)));
  await studio.applyTenant('steady-0', { subdomain: 'moved', database: { connectionLimit: 5 }, ingress: { customDomains: ['a.example'] } });
  await studio.applyTenant('steady-1', { suspended: true });
  await studio.waitFor('steady-1', ({ status }) => status?.phase === 'Suspended');
  await studio.applyTenant('steady-1');
  await studio.deleteTenant('erased');
  await studio.gone('erased');
  await studio.applyTenant('late', { subdomain: 'moved' });
  await studio.reason('late', 'Stalled', 'SubdomainTaken');
  await allSettled(studio, LEFT);
}, 300_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

async function ofOperator(): Promise<readonly AuditEntry[]> {
  return (await studio.audit()).filter(({ user }) => user.username === OPERATOR);
}

const isWrite = ({ verb }: AuditEntry): boolean => !READS.has(verb);
const isLease = ({ objectRef }: AuditEntry): boolean => objectRef?.resource === 'leases';
const sentence = ({ verb, requestURI, responseStatus }: AuditEntry): string =>
  `${verb} ${requestURI} ${responseStatus?.code} ${responseStatus?.message ?? ''}`;

it('writes nothing but its Lease while nothing changes', async () => {
  // Releases are counted, and Events sent, a little later than their tenants are settled.
  const renewals = async (): Promise<number> => (await ofOperator()).filter((entry) => isWrite(entry) && isLease(entry)).length;
  const quiet = await eventually(
    async () => {
      const before = (await ofOperator()).length;
      const [renewed, writes] = [await renewals(), (await ofOperator()).filter(isWrite).length];
      await eventually(async () => (await renewals()) > renewed + 2, { timeoutMs: 30_000 });
      const grown = (await ofOperator()).filter(isWrite).length - writes - ((await renewals()) - renewed);
      return grown === 0 ? before : undefined;
    },
    { timeoutMs: 60_000 },
  );
  const start = await renewals();
  await eventually(async () => (await renewals()) >= start + RENEWALS, { timeoutMs: 60_000, intervalMs: 500 });
  const after = (await ofOperator()).slice(quiet);
  expect(after.filter((entry) => isWrite(entry) && !isLease(entry)).map(sentence)).toEqual([]);
  // Watches that run out are begun again; nothing is read otherwise.
  expect(after.filter((entry) => !isLease(entry) && !['watch', 'list'].includes(entry.verb)).map(sentence)).toEqual([]);
}, 180_000);

it('has written status and finalizers of what people own, and nothing else', async () => {
  const kinds: readonly Resource[] = [STUDIO_TENANT, POSTGRES_SERVER, TENANT_PLAN, SCHEMA_RELEASE];
  const plurals = new Set<string | undefined>(kinds.map(({ plural }) => plural));
  const writes = (await ofOperator()).filter((entry) => isWrite(entry) && plurals.has(entry.objectRef?.resource));
  expect(writes.length).toBeGreaterThan(0);
  expect(new Set(writes.map(({ verb }) => verb))).toEqual(new Set(['patch']));
  for (const kind of kinds) for (const object of await objectsOf(kind)) expect(fieldsOf(object)).toEqual([]);
});

async function objectsOf(kind: Resource): Promise<readonly KubernetesObject[]> {
  const { items } = await studio.cluster.api.list<KubernetesObject>(kind, kind.namespaced ? { namespace: TENANTS } : {});
  expect(items.length).toBeGreaterThan(0);
  return items;
}

interface ManagedFields {
  readonly manager: string;
  readonly fieldsV1: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Fields that the operator has written and may not. */
function fieldsOf({ metadata }: KubernetesObject): readonly string[] {
  const { managedFields = [] } = metadata as { readonly managedFields?: readonly ManagedFields[] };
  const own = managedFields.filter(({ manager }) => manager.startsWith('studio-operator'));
  expect(own.length).toBeGreaterThan(0);
  return own
    .flatMap(({ fieldsV1 }) => Object.entries(fieldsV1).flatMap(([top, fields]) => Object.keys(fields).map((field) => `${top}.${field}`)))
    .filter((field) => !field.startsWith('f:status.') && !field.startsWith('f:metadata.f:finalizers') && field !== 'f:metadata..');
}

it('was refused nothing, but in a namespace that is being deleted, whose rights go first', async () => {
  const isRefused = ({ responseStatus }: AuditEntry): boolean => [401, 403].includes(responseStatus?.code ?? 0);
  await studio.applyTenant('last', { release: 'one' });
  await studio.waitFor('last', ({ metadata }) => metadata.finalizers !== undefined);
  const before = await ofOperator();
  expect(before.filter(isRefused).map(sentence)).toEqual([]);
  await studio.cluster.api.delete(NAMESPACE, { name: TENANTS });
  for (const name of [...LEFT, 'late', 'last']) await studio.gone(name, 120_000);
  const refused = (await ofOperator()).slice(before.length).filter(isRefused);
  expect(refused.filter(({ objectRef }) => objectRef?.namespace !== TENANTS).map(sentence)).toEqual([]);
}, 180_000);

it('was never answered that it had sent something impossible', async () => {
  const wrong = (await ofOperator()).filter(({ responseStatus }) => [400, 405, 406, 413, 415].includes(responseStatus?.code ?? 0));
  expect(wrong.map(sentence)).toEqual([]);
});
