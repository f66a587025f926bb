// The way to an environment through Docker: K3s in a container, with the operator's image built from the Dockerfile, and PostgreSQL in
// another one on the same network. K3s brings a real node, so pods run as they would anywhere. Traefik stays in: it serves the Ingresses.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { K3sContainer } from '@testcontainers/k3s';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { Network, type StartedNetwork } from 'testcontainers';
import { buildImage } from '../image/build-image.ts';
import { newPassword } from '../postgres.ts';
import { ADMIN_USER, MASTER_DATABASE, MASTER_USER, prepareAccounts } from '../postgres/accounts.ts';
import { scratchDirectory } from '../scratch-directory.ts';
import type { Entrance } from './entrance.ts';
import type { DatabaseAccess, Environment, StartOptions, Strategy } from './environment.ts';
import { INGRESS_CLASS } from './ingress-controller-objects.ts';
import { mappedEntrance } from './mapped-entrance.ts';
import { allStarted, StartedParts, timed } from './started-parts.ts';

const K3S_IMAGE = 'rancher/k3s:v1.36.2-k3s1';
const POSTGRES_IMAGE = 'postgres:18';
const POSTGRES_PORT = 5432;
// K3s's own Traefik has them on its node.
const HTTP_PORT = 80;
const HTTPS_PORT = 443;
// K3s imports every archive that it finds here when it starts.
const K3S_IMAGES = '/var/lib/rancher/k3s/agent/images';

export const dockerCluster: Strategy = {
  start: async (options) => {
    const parts = new StartedParts();
    return await parts.orStop(async () => await start(parts, options));
  },
};

const start = async (parts: StartedParts, options: StartOptions): Promise<Environment> => {
  const { path: directory } = parts.add(await scratchDirectory('studio-run-'));
  const network = await new Network().start();
  parts.add({ stop: async () => void (await network.stop()) });
  const { archive, reference: image } = await buildImage({ tag: 'dev' });
  const [k3s, postgres] = await allStarted(
    timed('Kubernetes', options.onStarted, async () => await startK3s(parts, { directory, network, archive })),
    timed('PostgreSQL', options.onStarted, async () => await startPostgres(parts, network, options.postgresSettings)),
  );
  const stop = async (): Promise<void> => await parts.stop();
  return {
    way: 'docker',
    kubeconfigPath: k3s.kubeconfigPath,
    postgres,
    image,
    // From outside, PostgreSQL is at a mapped port of this machine; from a pod, at its address on the containers' network.
    operatorRunsHere: false,
    entrance: k3s.entrance,
    directory,
    stop,
    [Symbol.asyncDispose]: stop,
  };
};

interface K3s {
  readonly kubeconfigPath: string;
  readonly entrance: Entrance;
}

interface K3sOptions {
  readonly directory: string;
  readonly network: StartedNetwork;
  readonly archive: string;
}

const startK3s = async (parts: StartedParts, { directory, network, archive }: K3sOptions): Promise<K3s> => {
  const k3s = await new K3sContainer(K3S_IMAGE)
    .withNetwork(network)
    .withCommand(['server'])
    .withExposedPorts(HTTP_PORT, HTTPS_PORT)
    .withCopyFilesToContainer([{ source: archive, target: `${K3S_IMAGES}/operator.tar` }])
    // The kubelet of 1.35 and later refuses hosts with cgroup v1, which some engines still have.
    .withCopyContentToContainer([{ content: KUBELET_CONFIG, target: '/var/lib/rancher/k3s/agent/etc/kubelet.conf.d/99-cgroup-v1.conf' }])
    .start();
  parts.add({ stop: async () => void (await k3s.stop()) });
  const kubeconfigPath = path.join(directory, 'kubeconfig');
  await writeFile(kubeconfigPath, k3s.getKubeConfig(), { mode: 0o600 });
  const [httpPort, httpsPort] = [k3s.getMappedPort(HTTP_PORT), k3s.getMappedPort(HTTPS_PORT)];
  return { kubeconfigPath, entrance: mappedEntrance({ httpPort, httpsPort, className: INGRESS_CLASS }) };
};

const KUBELET_CONFIG = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nfailCgroupV1: false\n';

const startPostgres = async (
  parts: StartedParts,
  network: StartedNetwork,
  settings: StartOptions['postgresSettings'] = {},
): Promise<DatabaseAccess> => {
  const password = newPassword();
  const flags = Object.entries({ max_connections: '200', ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const container = await new PostgreSqlContainer(POSTGRES_IMAGE)
    .withNetwork(network)
    .withUsername('postgres')
    .withPassword(password)
    .withDatabase('postgres')
    .withCommand(['postgres', ...flags])
    .start();
  parts.add({ stop: async () => void (await container.stop()) });
  const here = { host: container.getHost(), port: container.getMappedPort(POSTGRES_PORT) };
  const url = (user: string, secret: string, database: string): string =>
    `postgresql://${user}:${secret}@${here.host}:${here.port}/${database}`;
  const admin = { user: ADMIN_USER, password: newPassword() };
  const master = { user: MASTER_USER, password: newPassword() };
  const superuserUrl = url('postgres', password, 'postgres');
  await prepareAccounts(superuserUrl, admin, master);
  return {
    here,
    // Its address, not its name: the cluster's DNS does not ask the engine's.
    inCluster: { host: container.getIpAddress(network.getName()), port: POSTGRES_PORT },
    adminUrl: url(admin.user, admin.password, 'postgres'),
    masterUrl: url(master.user, master.password, MASTER_DATABASE),
    superuserUrl,
  };
};
