import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mountedCredentials } from '../../../../src/routing/credentials/mounted.ts';
import type { TenantUnavailable } from '../../../../src/routing/errors.ts';
import type { Tenant } from '../../../../src/routing/tenant.ts';

const tenant: Tenant = {
  organizationId: 7,
  subdomain: 'my-studio',
  displayName: 'My Studio',
  state: 'active',
  databaseName: 'studio_7_db',
  server: { name: 'main', host: '127.0.0.1', port: 5432 },
  schema: undefined,
  credentials: { namespace: 'studios', name: 'my-studio-database', generation: 1 },
};

let directory: string;
let folder: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'mounted-'));
  folder = path.join(directory, 'my-studio-database');
  await mkdir(folder);
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const keysOf = (generation: number): Record<string, string> => ({
  username: `user-${generation}`,
  password: `password-${generation}`,
  database: 'studio_7_db',
  generation: String(generation),
});

let versions = 0;
/** As the kubelet's AtomicWriter: a new directory, a link to it that is swapped in by a rename, the old directory removed. */
const project = async (keys: Record<string, string>, previous?: string): Promise<string> => {
  versions += 1;
  const version = path.join(folder, `..version_${versions}`);
  await mkdir(version);
  for (const [key, value] of Object.entries(keys)) await writeFile(path.join(version, key), value);
  await symlink(path.basename(version), path.join(folder, '..data_tmp'));
  await rename(path.join(folder, '..data_tmp'), path.join(folder, '..data'));
  if (previous === undefined) for (const key of Object.keys(keys)) await symlink(path.join('..data', key), path.join(folder, key));
  else await rm(previous, { recursive: true });
  return version;
};

describe('mounted credentials', () => {
  it('are read from a file per key, without the line break that an editor leaves', async () => {
    for (const [key, value] of Object.entries({ ...keysOf(2), sslmode: 'require' })) await writeFile(path.join(folder, key), `${value}\n`);
    expect(await mountedCredentials({ directory }).get(tenant, { fresh: false })).toEqual({
      username: 'user-2',
      password: 'password-2',
      database: 'studio_7_db',
      sslmode: 'require',
      ca: undefined,
      generation: 2,
    });
  });

  it('are of one version, however often the kubelet replaces them meanwhile', async () => {
    let version = await project(keysOf(0));
    const running = { stop: false };
    const replacing = (async () => {
      for (let generation = 1; !running.stop; generation += 1) version = await project(keysOf(generation), version);
    })();
    const provider = mountedCredentials({ directory });
    const seen = new Set<number | undefined>();
    for (let round = 0; round < 2_000; round += 1) {
      const read = await provider.get(tenant, { fresh: true }).catch((error: unknown) => error as TenantUnavailable);
      // Replaced again and again while it was read: said so, and not made up.
      const whole =
        'password' in read
          ? read.password === `password-${read.generation}` && read.username === `user-${read.generation}`
          : /changes faster|lacks/.test(read.message);
      expect([read, whole]).toEqual([read, true]);
      if ('password' in read) seen.add(read.generation);
    }
    running.stop = true;
    await replacing;
    expect(seen.size).toBeGreaterThan(20);
  });

  it('are those of the namespace where two have Secrets of one name', async () => {
    await project({ ...keysOf(1), database: 'studio_8_db' });
    const ofNamespace = path.join(directory, 'studios', 'my-studio-database');
    await mkdir(ofNamespace, { recursive: true });
    for (const [key, value] of Object.entries(keysOf(2))) await writeFile(path.join(ofNamespace, key), value);
    const provider = mountedCredentials({ directory });
    expect(await provider.get(tenant, { fresh: false })).toMatchObject({ username: 'user-2' });
    const inOther = { ...tenant, databaseName: 'studio_8_db', credentials: { ...tenant.credentials!, namespace: 'others' } };
    expect(await provider.get(inOther, { fresh: false })).toMatchObject({ username: 'user-1' });
  });

  it('are not looked for in another Secret whose name is that of the namespace', async () => {
    await mkdir(path.join(directory, 'studios'));
    await writeFile(path.join(directory, 'studios', 'username'), 'somebody');
    folder = path.join(directory, 'username');
    await mkdir(folder);
    await project(keysOf(3));
    const named = { ...tenant, credentials: { ...tenant.credentials!, name: 'username' } };
    expect(await mountedCredentials({ directory }).get(named, { fresh: false })).toMatchObject({ username: 'user-3' });
  });

  it('that are not there, incomplete, or at no valid name are unavailable', async () => {
    const provider = mountedCredentials({ directory });
    await expect(provider.get(tenant, { fresh: false })).rejects.toMatchObject({ code: 'tenant_unavailable' });
    const outside = { ...tenant, credentials: { namespace: 'studios', name: '../my-studio-database', generation: 1 } };
    await expect(provider.get(outside, { fresh: false })).rejects.toThrow('no valid name');
    await expect(provider.get({ ...tenant, credentials: undefined }, { fresh: false })).rejects.toThrow('no credentials yet');
  });

  it('of another tenant are refused', async () => {
    await project({ ...keysOf(1), database: 'studio_8_db' });
    await expect(mountedCredentials({ directory }).get(tenant, { fresh: false })).rejects.toMatchObject({ code: 'wrong_tenant' });
  });
});
