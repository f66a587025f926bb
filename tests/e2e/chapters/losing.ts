// What an installation loses and gets back: its leader, and all that its node runs.

import type { V1Pod } from '@kubernetes/client-node';
import { expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { allPods, applicationPods, holder, isReady, killPod, leader, nameOf, operatorPods } from '../support/pods.ts';
import { cutPower } from '../support/processes.ts';
import { SYSTEM, TENANTS } from '../support/installation.ts';
import { addSession, applyTenant, inDatabaseOf, migrationJobs, readyTenant, sessionsOf } from '../support/tenants.ts';
import { world } from '../support/world.ts';

const RETURN_TIMEOUT_MS = 150_000;

export const losing = (): void => {
  it('goes on under another leader when the first is killed, and new tenants become Ready', async () => {
    const [first, held] = await Promise.all([eventually(leader, { timeoutMs: 60_000 }), holder()]);
    await killPod(SYSTEM, first);
    await applyTenant('three');
    await readyTenant('three', 'studio-2');
    expect(await holder()).not.toBe(held);
    expect(await leader()).not.toBe(first);
    await eventually(async () => (await operatorPods()).filter(isReady).length === 2, { timeoutMs: 60_000 });
  });

  it('comes back after everything on the node was cut off at once', async () => {
    const jobs = (await migrationJobs()).map(({ metadata }) => metadata.uid);
    const before = await holder();
    expect(await cutOff()).toBeGreaterThan(3);

    // Nobody may be fooled by what the API server still believes of the time before.
    await eventually(async () => (await holder()) !== before, { timeoutMs: RETURN_TIMEOUT_MS });
    await eventually(async () => (await allServing()) && (await leader()) !== undefined, { timeoutMs: RETURN_TIMEOUT_MS, intervalMs: 500 });
    for (const name of ['one', 'two']) {
      await readyTenant(name, 'studio-2');
      expect(await eventually(async () => await sessionsOf(name), { timeoutMs: RETURN_TIMEOUT_MS })).toEqual([`Yoga of ${name}`]);
    }
    await applyTenant('four');
    await readyTenant('four', 'studio-2');
    expect(await addSession('four', 'Yoga of four')).toMatchObject({ status: 201 });
    expect(await inDatabaseOf('four', 'SELECT title FROM sessions')).toEqual([{ title: 'Yoga of four' }]);
    expect((await migrationJobs()).map(({ metadata }) => metadata.uid)).toEqual(expect.arrayContaining(jobs));
  });
};

/** How many processes, or pods where the processes are out of reach. */
const cutOff = async (): Promise<number> => {
  if (world().way === 'node') return await cutPower();
  const pods = await podsOfOurs();
  for (const { metadata } of pods) await killPod(metadata?.namespace ?? '', metadata?.name ?? '');
  return pods.length;
};

const podsOfOurs = async (): Promise<readonly V1Pod[]> =>
  (await allPods()).filter(({ metadata }) => ([SYSTEM, TENANTS] as readonly string[]).includes(metadata?.namespace ?? ''));

const allServing = async (): Promise<boolean> => {
  const counts = [await operatorPods(), await applicationPods()].map((pods) => pods.filter(isReady).map(nameOf).length);
  return counts.every((count) => count === 2);
};
