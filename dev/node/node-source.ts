// Where a node's programs come from: upstream's Go modules, built once, and Debian's packages, unpacked once. Separate from the node,
// which only gets paths, because all of this needs a network and the node has none.

import path from 'node:path';
import { buildOnce, type GoProgram } from '../cluster/go-program.ts';
import { kubernetesProgram } from '../cluster/kubernetes-program.ts';
import { unpackedDebianPackages } from '../debian-packages.ts';
import type { DebianPrograms, NodePrograms } from './node-programs.ts';

const PACKAGES = ['containerd', 'runc', 'containernetworking-plugins', 'conntrack', 'iptables'];
const modulePath = (name: string): string => path.join(import.meta.dirname, name);

/** The separate programs as users run them: their own module and the optimiser. */
const kubernetes = (name: string, minutes: number): GoProgram => ({
  ...kubernetesProgram(name, `k8s.io/kubernetes/cmd/${name}`),
  module: modulePath('kubernetes'),
  optimised: true,
  minutes,
});

const ETCD: GoProgram = {
  name: 'etcd',
  module: modulePath('etcd'),
  package: 'go.etcd.io/etcd/server/v3',
  product: { title: 'etcd', folder: 'etcd', module: 'go.etcd.io/etcd/server/v3' },
  stamps: () => [],
  optimised: true,
  minutes: 1,
};

/** Of the images that the node has of its own. */
const image = (name: string): GoProgram => ({
  name,
  module: modulePath('images'),
  package: `./${name}`,
  product: { title: 'CoreDNS', folder: 'coredns', module: 'github.com/coredns/coredns' },
  stamps: () => [],
  minutes: 3,
});

/** Minutes the first time (about eight on 2 cores), nothing after that. Throws SetupError where Go or apt is missing. */
export const nodePrograms = async (): Promise<NodePrograms> => ({
  debian: await debianPrograms(),
  // One after the other: each build uses all processors, and the later ones find most of theirs in Go's cache.
  etcd: await buildOnce(ETCD),
  kubeApiserver: await buildOnce(kubernetes('kube-apiserver', 5)),
  kubeControllerManager: await buildOnce(kubernetes('kube-controller-manager', 2)),
  kubeScheduler: await buildOnce(kubernetes('kube-scheduler', 1)),
  kubelet: await buildOnce(kubernetes('kubelet', 1)),
  kubeProxy: await buildOnce(kubernetes('kube-proxy', 1)),
  coredns: await buildOnce(image('coredns')),
  pause: await buildOnce(image('pause')),
});

const VARIABLES = ['PATH', 'LD_LIBRARY_PATH', 'XTABLES_LIBDIR'];

const debianPrograms = async (): Promise<DebianPrograms> => {
  const { root, env } = await unpackedDebianPackages(PACKAGES);
  return { root, env: Object.fromEntries(VARIABLES.map((name) => [name, env[name]])) };
};
