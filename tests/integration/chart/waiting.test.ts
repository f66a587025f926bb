/** `helm --wait` and our kinds: Helm 4 waits until a server is Ready, and says which one is not; Helm 3 does not look at it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePort } from '../../../dev/free-port.ts';
import { CHART, type HelmMajor, type HelmResult } from '../../../dev/helm.ts';
import { type Condition, findCondition } from '../../../src/api/conditions.ts';
import type { KubernetesObject } from '../../../src/api/object-meta.ts';
import { POSTGRES_SERVER } from '../../../src/api/resources.ts';
import { Platform, RELEASE } from './platform.ts';

interface Server extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

let platform: Platform;

/** Without a pod for the definitions, which would only take its time. */
const values = (server: object): object => ({
  masterDatabase: { existingSecret: { name: 'studio-operator-master' } },
  replicas: 1,
  crds: { upgrade: { enabled: false } },
  servers: { main: server },
});

/** Points the server at a port where nobody is. */
async function upgradeToServerThatIsAway(): Promise<HelmResult> {
  const args = ['upgrade', RELEASE, CHART, '--wait', '--timeout', '30s', '--values', '-'];
  return await platform.helm(args, values({ ...platform.server, port: await freePort() }));
}

async function readiness(): Promise<string | undefined> {
  const server: Server | undefined = await platform.get(POSTGRES_SERVER, 'main');
  return findCondition(server?.status?.conditions, 'Ready')?.status;
}

async function install(major: HelmMajor): Promise<void> {
  platform = await Platform.start(major);
  await platform.install(values(platform.server));
}

describe('Helm 4', () => {
  beforeAll(async () => await install(4));
  afterAll(async () => await platform[Symbol.asyncDispose]());

  it('lets a server through once it is Ready', async () => {
    expect(await readiness()).toBe('True');
  });

  it('is held by a server that is not Ready, and says which and why', async () => {
    const { code, stderr } = await upgradeToServerThatIsAway();
    expect(code).toBe(1);
    expect(stderr).toMatch(/PostgresServer\/\/?main not ready\. .*Start the server, or correct spec\.host and spec\.port/);
    expect(await readiness()).toBe('False');
  });
});

describe('Helm 3', () => {
  beforeAll(async () => await install(3));
  afterAll(async () => await platform[Symbol.asyncDispose]());

  it('goes on beside a server that is not Ready', async () => {
    const { code, stderr } = await upgradeToServerThatIsAway();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
