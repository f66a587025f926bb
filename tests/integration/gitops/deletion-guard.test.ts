/** The admission policy against erasing a tenant's data unconfirmed: what it refuses, what a person reads, and whom it lets through. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import { Studio, TENANTS } from '../../support/studio.ts';
import { expectKept, expectServed, tenantWithData } from './kept.ts';
import { kubectl, kubectlDone } from './kubectl.ts';

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start();
  await studio.startOperator();
  await studio.serverReady('main');
}, 180_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

const erasing = { deletionPolicy: 'Delete' };
const remove = (name: string, ...args: readonly string[]) => kubectl(studio, ['-n', TENANTS, 'delete', 'studiotenant', name, ...args]);

async function served(name: string, spec: object = {}, annotations: Readonly<Record<string, string>> = {}): Promise<number> {
  await studio.applyTenant(name, spec, annotations);
  return await tenantWithData(studio, name);
}

describe('kubectl delete', () => {
  it('of a tenant with deletionPolicy Delete is refused with the way on, and has changed nothing', async () => {
    const n = await served('careless', erasing);
    const { code, stdout, stderr } = await remove('careless');
    console.log(`$ kubectl -n ${TENANTS} delete studiotenant careless\n${stdout}${stderr}`);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `Error from server (Forbidden): studiotenants.studio-platform.io "careless" is forbidden: ` +
        `ValidatingAdmissionPolicy 'studio-operator-deletion-guard' with binding 'studio-operator-deletion-guard' denied request: ` +
        `deletionPolicy is Delete, which erases the database of "careless" with all its data, and nobody has confirmed it. ` +
        `To erase it: kubectl -n studio-tenants annotate studiotenant careless --overwrite studio-platform.io/confirm-deletion=careless and delete it again. ` +
        `To keep the data: set spec.deletionPolicy to Retain and delete it again.\n`,
    );
    expect((await studio.tenant('careless'))?.metadata.deletionTimestamp).toBeUndefined();
    await expectServed(studio, 'careless', n);
  });

  it.each([['--dry-run=server'], ['--cascade=foreground'], ['--cascade=orphan'], ['--force', '--grace-period=0'], ['--now']])(
    'is refused with %s too',
    async (...flags) => {
      expect((await remove('careless', ...flags)).stderr).toContain('nobody has confirmed it');
    },
  );

  it('is refused while the confirmation names another tenant', async () => {
    await studio.annotateTenant('careless', { [ANNOTATION.confirmDeletion]: 'somebody-else' });
    expect((await remove('careless')).code).toBe(1);
  });

  it('erases after the command that the refusal names', async () => {
    const n = (await studio.settled('careless')).status?.organizationId;
    const [, command = ''] = /To erase it: kubectl (.*) and delete it again\. To keep/.exec((await remove('careless')).stderr) ?? [];
    await kubectlDone(studio, command.split(' '));
    await kubectlDone(studio, ['-n', TENANTS, 'delete', 'studiotenant', 'careless', '--timeout=60s']);
    expect(await studio.superuser(`SELECT 1 FROM pg_database WHERE datname = 'studio_${n}_db'`)).toEqual([]);
    expect(await studio.master('SELECT status FROM organizations WHERE id = $1', [n])).toEqual([{ status: 'deleted' }]);
  });

  it('of one with Retain, or set to Retain, goes through and keeps the data', async () => {
    const n = await served('kept');
    const set = await served('turned', erasing);
    expect((await remove('turned')).code).toBe(1);
    const retain = JSON.stringify({ spec: { deletionPolicy: 'Retain' } });
    await kubectlDone(studio, ['-n', TENANTS, 'patch', 'studiotenant', 'turned', '--type=merge', '-p', retain]);
    await kubectlDone(studio, ['-n', TENANTS, 'delete', 'studiotenant', 'kept', 'turned', '--timeout=60s']);
    await expectKept(studio, n);
    await expectKept(studio, set);
  });

  it('--all deletes those it may, names the one it may not, and ends with an error', async () => {
    await served('plain');
    const n = await served('precious', erasing);
    const { code, stdout, stderr } = await kubectl(studio, ['-n', TENANTS, 'delete', 'studiotenants', '--all', '--timeout=60s']);
    console.log(`$ kubectl -n ${TENANTS} delete studiotenants --all\n${stdout}${stderr}`);
    expect(code).toBe(1);
    expect(stdout).toContain('"plain" deleted');
    expect(stdout).not.toContain('precious');
    expect(stderr).toContain('"precious" is forbidden');
    await expectServed(studio, 'precious', n);
  });

  it('of a whole collection in one request stops at the one it may not delete', async () => {
    const path = `/apis/studio-platform.io/v1alpha1/namespaces/${TENANTS}/studiotenants`;
    const { code, stderr } = await kubectl(studio, ['delete', '--raw', path]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('the database of "precious"')]);
    expect((await studio.tenant('precious'))?.metadata.deletionTimestamp).toBeUndefined();
  });
});

describe('who is let through', () => {
  const impersonated = (user: string) => ['--as', user, '--as-group', 'system:masters', '--dry-run=server'] as const;

  it.each(['namespace-controller', 'generic-garbage-collector'])('kube-system’s %s', async (account) => {
    expect((await remove('precious', ...impersonated(`system:serviceaccount:kube-system:${account}`))).code).toBe(0);
  });

  it.each(['system:serviceaccount:studio-tenants:namespace-controller', 'system:serviceaccount:kube-system:job-controller', 'admin'])(
    'not %s',
    async (user) => {
      expect((await remove('precious', ...impersonated(user))).code).toBe(1);
    },
  );

  it('a second deletion of what is being deleted already', async () => {
    await studio.operator?.stop();
    await studio.applyTenant('twice', {});
    await studio.startOperator();
    await studio.settled('twice');
    await studio.operator?.stop();
    await studio.deleteTenant('twice');
    await studio.applyTenant('twice', erasing);
    expect((await remove('twice', '--wait=false')).code).toBe(0);
  });
});
