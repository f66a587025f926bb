// The kubelet and kube-proxy, with what they need to be told in an enclosure. Separate from the runtime, which runs what they decide.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { WORK } from './enclosure/mounts.ts';
import { NODE_ADDRESS, POD_RANGE } from './enclosure/network.ts';
import { debianEnvironment } from './container-runtime.ts';
import { CERTIFICATES, CONTAINERD_SOCKET, DNS_ADDRESS, kubeconfigPath, NODE_NAME } from './names.ts';
import type { NodePrograms } from './node-programs.ts';
import type { Component } from './supervisor.ts';

/** Writes the configuration. `enclosure` is the name of the control group whose part `pods` all pods are in. */
export const kubelet = (programs: NodePrograms, enclosure: string): Component => {
  const configuration = written('kubelet.yaml', kubeletConfiguration(enclosure));
  const args = [
    `--config=${configuration}`,
    `--kubeconfig=${kubeconfigPath('kubelet')}`,
    `--root-dir=${WORK}/kubelet`,
    `--cert-dir=${WORK}/kubelet-certificates`,
    `--hostname-override=${NODE_NAME}`,
    `--node-ip=${NODE_ADDRESS}`,
  ];
  return { name: 'kubelet', command: programs.kubelet, args, env: debianEnvironment(programs.debian) };
};

export const kubeProxy = (programs: NodePrograms): Component => ({
  name: 'kube-proxy',
  command: programs.kubeProxy,
  args: [`--config=${written('kube-proxy.yaml', PROXY_CONFIGURATION)}`],
  env: debianEnvironment(programs.debian),
});

const written = (file: string, content: object): string => {
  const target = path.join(WORK, file);
  writeFileSync(target, stringify(content));
  return target;
};

const kubeletConfiguration = (enclosure: string): object => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  // Version 1 is refused by default since 1.35, and some machines still have it.
  failCgroupV1: false,
  cgroupDriver: 'cgroupfs',
  cgroupRoot: `/${enclosure}/pods`,
  enforceNodeAllocatable: ['pods'],
  containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
  oomScoreAdj: 0,
  maxOpenFiles: 20_000,
  failSwapOn: false,
  address: NODE_ADDRESS,
  authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: path.join(CERTIFICATES, 'ca.crt') } },
  authorization: { mode: 'Webhook' },
  tlsCertFile: path.join(CERTIFICATES, 'kubelet-serving.crt'),
  tlsPrivateKeyFile: path.join(CERTIFICATES, 'kubelet-serving.key'),
  clusterDomain: 'cluster.local',
  clusterDNS: [DNS_ADDRESS],
  resolvConf: '',
  podLogsDir: path.join(WORK, 'pod-logs'),
  volumePluginDir: path.join(WORK, 'volume-plugins'),
  // A machine that is short of disk is no reason to throw pods away.
  evictionHard: Object.fromEntries(PRESSURE.map((signal) => [signal, '0%'])),
  imageGCHighThresholdPercent: 100,
});

const PRESSURE = ['memory.available', 'nodefs.available', 'imagefs.available', 'nodefs.inodesFree', 'imagefs.inodesFree'];

const PROXY_CONFIGURATION = {
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'iptables',
  oomScoreAdj: 0,
  // The size of the table belongs to the whole machine.
  conntrack: { maxPerCore: 0 },
  clusterCIDR: POD_RANGE,
  bindAddress: NODE_ADDRESS,
  hostnameOverride: NODE_NAME,
  clientConnection: { kubeconfig: kubeconfigPath('proxy') },
};
