// The way to an environment for somebody who has a cluster and a PostgreSQL server and says so: nothing is started here but a copy of
// the kubeconfig that names the context, so that no other one can be used by mistake.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { MASTER_DATABASE } from '../postgres/accounts.ts';
import { scratchDirectory } from '../scratch-directory.ts';
import { UsageError, type Existing } from './arguments.ts';
import { mappedEntrance } from './mapped-entrance.ts';
import type { Strategy } from './environment.ts';

const DEFAULT_PORT = 5432;

export const existingCluster = ({ context, image, postgresUrl, ingressPort }: Existing): Strategy => ({
  start: async () => {
    const config = new KubeConfig();
    config.loadFromDefault(); // KUBECONFIG, else ~/.kube/config
    if (config.getContextObject(context) === null) throw new UsageError(`there is no context "${context}" in the kubeconfig`);
    config.setCurrentContext(context);
    const directory = await scratchDirectory('studio-run-');
    const kubeconfigPath = path.join(directory.path, 'kubeconfig');
    await writeFile(kubeconfigPath, config.exportConfig(), { mode: 0o600 });
    const { hostname: host, port } = new URL(postgresUrl);
    const address = { host, port: port === '' ? DEFAULT_PORT : Number(port) };
    const master = new URL(postgresUrl);
    master.pathname = `/${MASTER_DATABASE}`;
    const stop = async (): Promise<void> => await directory.stop();
    return {
      way: 'existing',
      kubeconfigPath,
      postgres: { here: address, inCluster: address, adminUrl: postgresUrl, masterUrl: master.href },
      image,
      // Its Jobs run the image; the operator of another checkout beside them would be another version.
      operatorRunsHere: false,
      ...(ingressPort === undefined ? {} : { entrance: mappedEntrance({ httpPort: ingressPort }) }),
      directory: directory.path,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  },
});
