// The way through Docker, for real: K3s with the operator's image, PostgreSQL on the same network. Runs only where an engine answers.

import { expect, test } from 'vitest';
import { dockerEngineAnswers } from '../../../dev/cluster/docker-engine.ts';
import { KubeConfig, BatchV1Api } from '@kubernetes/client-node';
import { asSeenInCluster } from '../../../dev/cluster/environment.ts';
import { eventually } from '../../support/eventually.ts';
import { queryAs } from '../../support/postgres.ts';

const engine = await dockerEngineAnswers();

test(
  'K3s runs the operator’s image, its pods reach PostgreSQL, and its Ingress controller answers',
  { timeout: 900_000 },
  async ({ skip }) => {
    if (!engine) skip('no Docker engine answers on this machine');
    const { dockerCluster } = await import('../../../dev/cluster/docker.ts');
    await using environment = await dockerCluster.start({});
    const { postgres, kubeconfigPath, image } = environment;
    await expect(queryAs(postgres.masterUrl, 'select 1 as one')).resolves.toEqual([{ one: 1 }]);

    const config = new KubeConfig();
    config.loadFromFile(kubeconfigPath);
    const batch = config.makeApiClient(BatchV1Api);
    const url = asSeenInCluster(postgres.masterUrl, postgres);
    const login = `const { Client } = (await import('pg')).default; const c = new Client(process.env.URL); await c.connect(); await c.end();`;
    const container = {
      name: 'login',
      image,
      imagePullPolicy: 'Never',
      command: ['node', '--input-type=module', '-e', login],
      env: [{ name: 'URL', value: url }],
    };
    await batch.createNamespacedJob({
      namespace: 'default',
      body: {
        metadata: { name: 'login' },
        spec: { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers: [container] } } },
      },
    });
    const finished = await eventually(
      async () =>
        (await batch.readNamespacedJob({ namespace: 'default', name: 'login' })).status?.conditions?.find(
          ({ status }) => status === 'True',
        ),
      { timeoutMs: 180_000, intervalMs: 500 },
    );
    expect(['Complete', 'SuccessCriteriaMet']).toContain(finished.type);

    const nothing = async (): Promise<void> => await Promise.reject(new Error('K3s brings all of it'));
    await environment.entrance?.open({ apply: nothing, writeServiceAccountKubeconfig: nothing });
    await expect(fetch(`http://127.0.0.1:${environment.entrance?.httpPort}/`)).resolves.toMatchObject({ status: 404 });
  },
);
