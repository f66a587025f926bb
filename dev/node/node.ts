// A whole Kubernetes node: every component that a real one has, started in the order in which they need each other. Only inside an
// enclosure, which is also what ends them.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { AppsV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { Agent, fetch } from 'undici';
import { connectCluster } from '../demo/kubernetes.ts';
import { TEMPORARY_FILES } from './enclosure/mounts.ts';
import { makeNodeAddress } from './enclosure/network.ts';
import { NAME_VARIABLE } from './enclosure/enclosure.ts';
import { writeCertificates } from './certificates.ts';
import { clusterDnsObjects } from './cluster-dns.ts';
import { containerRuntime, importImage, tagImage } from './container-runtime.ts';
import { controllers, storageAndApi } from './control-plane.ts';
import { kubelet, kubeProxy } from './kubelet.ts';
import { writeKubeconfigs } from './kubeconfigs.ts';
import { ADMIN_KUBECONFIG, API_SERVER, CERTIFICATES, DNS_IMAGE, NODE_NAME, PAUSE_IMAGE } from './names.ts';
import type { NodePrograms } from './node-programs.ts';
import { writeImageArchive } from './single-program-image.ts';
import { logFile, supervise } from './supervisor.ts';

export interface LocalNode {
  readonly kubeconfigPath: string;
  /** From a docker-archive, under further names too. */
  importImage(archive: string): Promise<void>;
  tagImage(reference: string, name: string): Promise<void>;
}

export type OnStep = (what: string, milliseconds: number) => void;

const TIMEOUT_MS = 120_000;
const POLL_MS = 200;

/** About half a minute; resolves when pods can run and names resolve in them. */
export const startNode = async (programs: NodePrograms, onStep: OnStep): Promise<LocalNode> => {
  const enclosure = process.env[NAME_VARIABLE];
  if (enclosure === undefined) throw new Error('a node runs only in an enclosure');
  const begin = performance.now();
  const step = (what: string): void => onStep(what, performance.now() - begin);
  makeNodeAddress();
  await writeCertificates(CERTIFICATES);
  await writeKubeconfigs();
  for (const component of [...storageAndApi(programs), containerRuntime(programs.debian)]) supervise(component);
  const config = new KubeConfig();
  config.loadFromFile(ADMIN_KUBECONFIG);
  await eventually('the API server', apiServerIsReady);
  step('API server ready');
  for (const component of [...controllers(programs), kubelet(programs, enclosure), kubeProxy(programs)]) supervise(component);
  await importOwnImages(programs);
  await eventually('the node', async () => await nodeIsReady(config));
  step('node Ready');
  await startDns(config);
  step('DNS ready');
  return {
    kubeconfigPath: ADMIN_KUBECONFIG,
    importImage: async (archive) => await importImage(programs.debian, archive),
    tagImage: async (reference, name) => await tagImage(programs.debian, reference, name),
  };
};

const importOwnImages = async ({ debian, pause, coredns }: NodePrograms): Promise<void> => {
  const images = [
    { reference: PAUSE_IMAGE, program: pause, user: '65535:65535' },
    { reference: DNS_IMAGE, program: coredns, user: '65532:65532' },
  ];
  for (const [index, image] of images.entries()) {
    const archive = path.join(TEMPORARY_FILES, `image-${index}.tar`);
    await writeImageArchive(image, archive);
    await eventually('containerd', async () => {
      await importImage(debian, archive);
      return true;
    });
  }
};

/** True only after the roles of RBAC were made. */
const apiServerIsReady = async (): Promise<boolean> => {
  const [ca, cert, key] = await Promise.all(
    ['ca.crt', 'admin.crt', 'admin.key'].map(async (file) => await readFile(path.join(CERTIFICATES, file))),
  );
  const dispatcher = new Agent({ connect: { ca, cert, key } });
  try {
    return (await fetch(`${API_SERVER}/readyz`, { dispatcher, signal: AbortSignal.timeout(1000) })).ok;
  } finally {
    await dispatcher.destroy();
  }
};

const nodeIsReady = async (config: KubeConfig): Promise<boolean> => {
  const node = await config.makeApiClient(CoreV1Api).readNode({ name: NODE_NAME });
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
};

const startDns = async (config: KubeConfig): Promise<void> => {
  const cluster = connectCluster(ADMIN_KUBECONFIG, 'studio-node');
  try {
    for (const object of clusterDnsObjects()) await cluster.apply(object);
  } finally {
    await cluster.close();
  }
  await eventually('the DNS', async () => {
    const { status } = await config.makeApiClient(AppsV1Api).readNamespacedDeployment({ namespace: 'kube-system', name: 'coredns' });
    return (status?.readyReplicas ?? 0) > 0;
  });
};

/** The components' logs are what tells why something does not come. */
const eventually = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + TIMEOUT_MS;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      if (await isSo()) return;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`${what} is not ready after ${TIMEOUT_MS / 1000} s:\n${await endsOfLogs()}`, { cause: last });
};

const endsOfLogs = async (): Promise<string> => {
  const names = ['etcd', 'kube-apiserver', 'containerd', 'kubelet', 'kube-proxy', 'kube-controller-manager', 'kube-scheduler'];
  const ends = await Promise.all(
    names.map(async (name) => `--- ${name}\n${(await readFile(logFile(name), 'utf8').catch(() => 'not started')).slice(-1500)}`),
  );
  return ends.join('\n');
};
