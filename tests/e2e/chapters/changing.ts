// What changes in the life of an installation: a new image and settings, a new schema, a schema that fails. Tenants that are not meant
// notice nothing.

import { expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { applyObject, type AnyObject } from '../../support/kube.ts';
import { API_VERSION } from '../../../src/api/group.ts';
import { STUDIO_1, STUDIO_2, upgrade } from '../support/installation.ts';
import { applicationPods, holder, imagesOf, isReady, leader, nameOf, operatorPods } from '../support/pods.ts';
import { applyTenant, inDatabaseOf, migrationJobs, readyOf, readyTenant, sessionsOf, tenant } from '../support/tenants.ts';
import { startTraffic } from '../support/traffic.ts';
import { world } from '../support/world.ts';

/** The image that the story goes on with. */
const image = (): string => world().otherImage ?? world().image;
const uidsOf = (objects: readonly AnyObject[]): readonly string[] =>
  objects.map(({ metadata }) => String(metadata.uid)).toSorted((one, other) => one.localeCompare(other));
const untouched = async (name: string): Promise<object> => {
  const found = await tenant(name);
  return { generation: found.metadata['generation'], ready: readyOf(found), schema: found['status'].schema };
};

export const changing = (): void => {
  it('takes a new image and a new setting pod by pod, hands the Lease over, and disturbs nobody', async () => {
    const before = { pods: (await operatorPods()).map(nameOf), holder: await holder(), jobs: uidsOf(await migrationJobs()) };
    const tenants = await Promise.all(['one', 'two'].map(untouched));
    const traffic = startTraffic('one');
    const { code, stderr } = await upgrade({ application: true, image: image(), logLevel: 'debug' });
    const answers = await traffic.stop();
    expect({ code, stderr }).toMatchObject({ code: 0 });

    const pods = await operatorPods();
    expect(pods.filter(isReady)).toHaveLength(2);
    expect(new Set(imagesOf([...pods, ...(await applicationPods())]))).toEqual(new Set([image()]));
    for (const name of pods.map(nameOf)) expect(before.pods).not.toContain(name);
    await eventually(async () => pods.map(nameOf).includes((await leader()) ?? ''), { timeoutMs: 60_000 });
    expect(await holder()).not.toBe(before.holder);

    expect(answers.lost).toEqual([]);
    expect(answers.served).toBeGreaterThan(answers.late * 10);
    expect(await Promise.all(['one', 'two'].map(untouched))).toEqual(tenants);
    expect(uidsOf(await migrationJobs())).toEqual(before.jobs);
  });

  it('migrates every tenant to a new SchemaRelease, with what they have', async () => {
    const before = await migrationJobs();
    const pods = (await operatorPods()).map(nameOf);
    const releases = { 'studio-1': STUDIO_1, 'studio-2': STUDIO_2 };
    const { code, stderr } = await upgrade({ application: true, image: image(), logLevel: 'debug', releases });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect((await operatorPods()).map(nameOf)).toEqual(pods);
    for (const name of ['one', 'two']) {
      await readyTenant(name, 'studio-2');
      expect(await inDatabaseOf(name, "SELECT to_regclass('assets')::text AS made")).toEqual([{ made: 'assets' }]);
      expect(await sessionsOf(name)).toEqual([`Yoga of ${name}`]);
    }
    const jobs = (await migrationJobs()).filter(({ metadata }) => !uidsOf(before).includes(String(metadata.uid)));
    expect(jobs).toHaveLength(2);
    for (const { spec } of jobs) expect(spec.template.spec.containers[0].image).toBe(image());
  });

  it('says of a migration that fails what PostgreSQL said, and leaves the others alone', async () => {
    const others = await Promise.all(['one', 'two'].map(untouched));
    await applyObject({
      apiVersion: API_VERSION,
      kind: 'SchemaRelease',
      metadata: { name: 'studio-2-rc' },
      spec: { version: 2, args: ['migrations/tenant/studio-1', 'migrations/tenant/studio-2-rc'], backoffLimit: 0 },
    });
    await applyTenant('broken', { release: 'studio-2-rc' });
    const ready = await eventually(
      async () => {
        const found = readyOf(await tenant('broken'));
        return found?.reason === 'MigrationFailed' ? found : undefined;
      },
      { timeoutMs: 90_000, intervalMs: 250 },
    );
    expect(ready.status).toBe('False');
    expect(ready.message).toMatch(/0006_unique-price-names/);
    expect(ready.message).toMatch(/23505|duplicate|unique/);
    // Rolled back with all that was in the same attempt.
    expect(await inDatabaseOf('broken', "SELECT to_regclass('clients')::text AS made")).toEqual([{ made: null }]);
    expect(await Promise.all(['one', 'two'].map(untouched))).toEqual(others);
  });
};
