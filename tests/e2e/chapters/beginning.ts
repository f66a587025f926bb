// How an installation comes to be: Helm installs the chart, tenants become Ready by real migration Jobs, and every pod is as confined as it
// says.

import { BatchV1Api } from '@kubernetes/client-node';
import { expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { adminKubeConfig, applyObject, listObjects } from '../../support/kube.ts';
import { helmTest, install, prepareApplication, prepareSecrets, TENANTS, upgrade } from '../support/installation.ts';
import { applicationPods, imagesOf, isReady, leader, operatorPods } from '../support/pods.ts';
import { containerProcesses } from '../support/processes.ts';
import { applyTenant, migrationJobs, readyTenant } from '../support/tenants.ts';
import { world } from '../support/world.ts';

export const beginning = (): void => {
  it('is made by one helm install, which waits until both operators are ready and says what to do next', async () => {
    await prepareSecrets();
    const { code, stdout, stderr } = await install();
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain('STATUS: deployed');

    const pods = await operatorPods();
    expect(pods.filter(isReady)).toHaveLength(2);
    expect(new Set(imagesOf(pods))).toEqual(new Set([world().image]));
    expect(await leader()).toBeDefined();
  });

  it('passes helm test', async () => {
    const { code, stdout, stderr } = await helmTest();
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
  });

  it('brings two tenants to Ready, each by a Job whose pod the node has run', async () => {
    for (const name of ['one', 'two']) await applyTenant(name);
    await Promise.all(['one', 'two'].map(async (name) => await readyTenant(name, 'studio-1')));

    const jobs = await migrationJobs();
    expect(jobs).toHaveLength(2);
    const api = adminKubeConfig().makeApiClient(BatchV1Api);
    for (const { metadata } of jobs) {
      const status = await eventually(async () => {
        const { status } = await api.readNamespacedJob({ namespace: TENANTS, name: metadata.name });
        return status?.succeeded === 1 ? status : undefined;
      });
      expect(status.failed ?? 0).toBe(0);
    }
  });

  it('takes the application in by an upgrade, once that has a login', async () => {
    await prepareApplication();
    const { code, stderr } = await upgrade({ application: true });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect((await applicationPods()).filter(isReady)).toHaveLength(2);
  });

  it('runs nothing as root, with a capability, with a file system it could write to, or unfiltered', async ({ skip }) => {
    if (world().way !== 'node') skip('the processes of K3s are in its container');
    const processes = await containerProcesses();
    const names = processes.map(({ command }) => command);
    const running = (program: string): number => names.filter((name) => new RegExp(`/${program}$`).test(name)).length;
    expect({ operator: running('operator'), app: running('app'), names }).toMatchObject({ operator: 2, app: 2 });
    for (const each of processes) {
      expect(each).toMatchObject({ uid: 1000, capabilities: 0n, seccomp: 2, noNewPrivileges: true, rootIsReadOnly: true });
    }
  });

  it('refuses any other pod beside the tenants and the operator', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'intruder', namespace: TENANTS },
      spec: { containers: [{ name: 'root', image: world().image, securityContext: { privileged: true } }] },
    };
    await expect(applyObject(pod)).rejects.toThrow(/violates PodSecurity/);
    expect((await listObjects('v1', 'Pod', TENANTS)).map(({ metadata }) => metadata.name)).not.toContain('intruder');
  });
};
