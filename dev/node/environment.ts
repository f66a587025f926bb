// A node of our own with PostgreSQL and Traefik beside it, as the environment that everything of this project knows. Only inside an
// enclosure: whatever is started here ends with that.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { connectCluster, type Cluster } from '../demo/kubernetes.ts';
import type { Manifest } from '../demo/manifests.ts';
import { buildOnce } from '../cluster/go-program.ts';
import type { DatabaseAccess, Environment } from '../cluster/environment.ts';
import { INGRESS_CLASS, INGRESS_CONTROLLER_ACCOUNT, ingressControllerObjects } from '../cluster/ingress-controller-objects.ts';
import { startIngressController } from '../cluster/ingress-controller.ts';
import { mappedEntrance } from '../cluster/mapped-entrance.ts';
import type { Stoppable } from '../cluster/started-parts.ts';
import { TRAEFIK } from '../cluster/traefik-program.ts';
import { reservePort } from '../free-port.ts';
import { startPostgres, type PostgresServer } from '../postgres.ts';
import { AUDIT_LOG } from './control-plane.ts';
import { WORK } from './enclosure/mounts.ts';
import { NODE_ADDRESS } from './enclosure/network.ts';
import { startNode, type OnStep } from './node.ts';
import type { NodePrograms } from './node-programs.ts';

export interface NodeEnvironmentOptions {
  readonly programs: NodePrograms;
  /** docker-archive with the operator's image, and its name there. */
  readonly archive: string;
  readonly image: string;
  /** Another name that the same image is to have. */
  readonly alias: string;
  readonly onStep: OnStep;
}

/** Without an end of its own, but for what would keep this process waiting: the node ends with the enclosure. */
export type NodeEnvironment = Omit<Environment, typeof Symbol.asyncDispose>;

/** By this name pods find PostgreSQL, through the cluster's DNS and a Service. */
const DATABASE = { name: 'pg-main', namespace: 'databases', port: 5432 } as const;

export const startNodeEnvironment = async (options: NodeEnvironmentOptions): Promise<NodeEnvironment> => {
  const begin = performance.now();
  const [node, server] = await Promise.all([startNode(options.programs, options.onStep), startReachablePostgres()]);
  await node.importImage(options.archive);
  await node.tagImage(options.image, options.alias);
  options.onStep('image imported', performance.now() - begin);
  const cluster = connectCluster(node.kubeconfigPath, 'studio-node');
  try {
    for (const object of databaseObjects(server.port)) await cluster.apply(object);
    const traefik = await startTraefik(cluster);
    options.onStep('Traefik listens', performance.now() - begin);
    return {
      way: 'node',
      kubeconfigPath: node.kubeconfigPath,
      postgres: access(server),
      auditLog: AUDIT_LOG,
      image: options.image,
      operatorRunsHere: false,
      entrance: mappedEntrance({ httpPort: traefik.httpPort, className: INGRESS_CLASS }),
      directory: WORK,
      stop: async () => void (await Promise.all([server.stop(), traefik.stop()])),
    };
  } finally {
    await cluster.close();
  }
};

/** On the node's address too, for pods; whoever has a password may come from anywhere in here. */
const startReachablePostgres = async (): Promise<PostgresServer> => {
  const rules = path.join(WORK, 'pg_hba.conf');
  await writeFile(rules, 'host all all 0.0.0.0/0 scram-sha-256\n', { mode: 0o644 });
  return await startPostgres({ settings: { listen_addresses: '0.0.0.0', hba_file: rules } });
};

/** A Service without pods, and the one address behind it. */
const databaseObjects = (port: number): readonly Manifest[] => {
  const { name, namespace } = DATABASE;
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { ports: [{ name: 'postgresql', port: DATABASE.port }] } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } } as Manifest['metadata'],
      addressType: 'IPv4',
      ports: [{ name: 'postgresql', port, protocol: 'TCP' }],
      endpoints: [{ addresses: [NODE_ADDRESS] }],
    },
  ];
};

const access = ({ host, port, adminUrl, masterUrl, superuserUrl, logFile }: PostgresServer): DatabaseAccess => ({
  here: { host, port },
  inCluster: { host: `${DATABASE.name}.${DATABASE.namespace}.svc`, port: DATABASE.port },
  adminUrl,
  masterUrl,
  superuserUrl,
  logFile,
});

/** In front of the pods, with nothing but the rights of its ServiceAccount. */
const startTraefik = async (cluster: Cluster): Promise<Stoppable & { readonly httpPort: number }> => {
  // The tenants' namespace comes with the chart, later.
  for (const object of ingressControllerObjects('all')) await cluster.apply(object);
  const kubeconfigPath = path.join(WORK, 'traefik.kubeconfig');
  await cluster.writeServiceAccountKubeconfig(INGRESS_CONTROLLER_ACCOUNT, kubeconfigPath);
  const [http, https] = await Promise.all([reservePort(), reservePort()]);
  const directory = path.join(WORK, 'traefik');
  const { stop } = await startIngressController({
    program: await buildOnce(TRAEFIK),
    kubeconfigPath,
    namespaces: [],
    http,
    https,
    directory,
  });
  return { httpPort: http.port, stop };
};
