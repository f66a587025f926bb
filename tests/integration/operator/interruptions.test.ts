/** Something is taken away in the middle of provisioning twenty tenants: all of them become whole, and nothing is left or doubled. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { LEASE } from '../../../src/api/resources.ts';
import { ANNOTATION } from '../../../src/api/annotations.ts';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { allSettled, applyTenants, expectWhole, namesOf, someDatabases } from '../../support/fleet.ts';
import { Studio, SYSTEM } from '../../support/studio.ts';

const COUNT = 20;
const everyone: string[] = [];
let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start();
  await studio.startOperator({ LEADER_ELECTION: 'false' });
  await studio.serverReady('main');
}, 180_000);
afterAll(async () => await studio[Symbol.asyncDispose]());

/** Twenty more tenants, of which some databases exist already. */
async function midway(prefix: string): Promise<readonly string[]> {
  const names = namesOf(prefix, COUNT);
  const before = everyone.length;
  everyone.push(...names);
  await applyTenants(studio, names);
  await someDatabases(studio, before + 4);
  return names;
}

async function allWhole(): Promise<void> {
  await allSettled(studio, everyone);
  await expectWhole(studio, everyone);
}

describe('in the middle of provisioning twenty tenants', () => {
  it('PostgreSQL, the master database with it, may crash and come back', async () => {
    await midway('crashed');
    await studio.postgres.crash();
    await studio.postgres.resume();
    await allWhole();
    expect(await studio.operator?.metrics()).toContain('\nstudio_master_up 1\n');
  }, 240_000);

  it('the API server may go away and come back', async () => {
    await midway('halted');
    await studio.controlPlane.halt();
    await studio.controlPlane.resume();
    await allWhole();
    expect(await studio.operator?.stop()).toBe(0);
  }, 240_000);

  it('the operator may be stopped: it ends in order, releases its lease, and the next one finishes', async () => {
    const stopped = await studio.startOperator();
    await studio.leads(stopped);
    await midway('stopped');
    expect(await stopped.stop()).toBe(0);
    expect(await stopped.log()).toContain('released the lease');
    const lease = await studio.cluster.api.get<KubernetesObject & { spec: { holderIdentity?: string } }>(LEASE, {
      namespace: SYSTEM,
      name: 'studio-operator',
    });
    expect(lease?.spec.holderIdentity ?? '').toBe('');
    const next = await studio.startOperator();
    await allWhole();
    expect(await next.stop()).toBe(0);
  }, 240_000);

  it('the leader may freeze: another takes over, and the first ends when it wakes up, having changed nothing more', async () => {
    const frozen = await studio.startOperator();
    await studio.leads(frozen);
    await midway('frozen');
    process.kill(frozen.pid, 'SIGSTOP');
    const next = await studio.startOperator();
    await allWhole();
    process.kill(frozen.pid, 'SIGCONT');
    expect(await frozen.ended).toBe(1);
    // What it was about to do is not done, and what the other leader does still is.
    await studio.annotateTenant('frozen-0', { [ANNOTATION.retry]: 'look again' });
    await studio.waitFor('frozen-0', (tenant) => tenant.status?.handled?.retry === 'look again');
    await allWhole();
    expect(await next.stop()).toBe(0);
  }, 240_000);
});
