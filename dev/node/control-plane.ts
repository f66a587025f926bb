// The control plane of a node: etcd, API server, controller manager and scheduler, the programs that a real cluster runs, with the flags
// that matter here. Separate from what runs pods.

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { WORK } from './enclosure/mounts.ts';
import { NODE_ADDRESS, SERVICE_RANGE } from './enclosure/network.ts';
import { CERTIFICATES, kubeconfigPath } from './names.ts';
import type { NodePrograms } from './node-programs.ts';
import type { Component } from './supervisor.ts';

export const AUDIT_LOG = path.join(WORK, 'audit.log');
const AUDIT_POLICY = path.resolve(import.meta.dirname, '../local-cluster/audit-policy.yaml');
const ETCD = 'http://127.0.0.1:2379';
const ETCD_PEERS = 'http://127.0.0.1:2380';
const certificate = (file: string): string => path.join(CERTIFICATES, file);

/** What must answer before anything else can start. */
export const storageAndApi = (programs: NodePrograms): readonly Component[] => {
  mkdirSync(path.join(WORK, 'apiserver'), { recursive: true });
  return [
    { name: 'etcd', command: programs.etcd, args: ETCD_FLAGS },
    { name: 'kube-apiserver', command: programs.kubeApiserver, args: API_SERVER_FLAGS },
  ];
};

/** What works through the API. */
export const controllers = (programs: NodePrograms): readonly Component[] => [
  { name: 'kube-controller-manager', command: programs.kubeControllerManager, args: CONTROLLER_MANAGER_FLAGS },
  { name: 'kube-scheduler', command: programs.kubeScheduler, args: SCHEDULER_FLAGS },
];

const ETCD_FLAGS = [
  '--name=default',
  `--data-dir=${WORK}/etcd`,
  '--unsafe-no-fsync=true', // nobody's data
  '--log-level=warn',
  `--listen-client-urls=${ETCD}`,
  `--advertise-client-urls=${ETCD}`,
  `--listen-peer-urls=${ETCD_PEERS}`,
  `--initial-advertise-peer-urls=${ETCD_PEERS}`,
  `--initial-cluster=default=${ETCD_PEERS}`,
];

const API_SERVER_FLAGS = [
  `--etcd-servers=${ETCD}`,
  '--bind-address=0.0.0.0',
  `--advertise-address=${NODE_ADDRESS}`,
  '--secure-port=6443',
  `--tls-cert-file=${certificate('apiserver.crt')}`,
  `--tls-private-key-file=${certificate('apiserver.key')}`,
  `--client-ca-file=${certificate('ca.crt')}`,
  // Nobody stands in front of it, but the components wait for this to be said.
  `--requestheader-client-ca-file=${certificate('ca.crt')}`,
  '--requestheader-allowed-names=nobody',
  `--cert-dir=${WORK}/apiserver`,
  '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
  `--service-account-key-file=${certificate('sa.pub')}`,
  `--service-account-signing-key-file=${certificate('sa.key')}`,
  '--authorization-mode=Node,RBAC',
  '--enable-admission-plugins=NodeRestriction',
  '--allow-privileged=true',
  `--service-cluster-ip-range=${SERVICE_RANGE}`,
  '--profiling=false',
  `--kubelet-client-certificate=${certificate('apiserver-kubelet-client.crt')}`,
  `--kubelet-client-key=${certificate('apiserver-kubelet-client.key')}`,
  `--kubelet-certificate-authority=${certificate('ca.crt')}`,
  '--kubelet-preferred-address-types=InternalIP',
  `--audit-policy-file=${AUDIT_POLICY}`,
  `--audit-log-path=${AUDIT_LOG}`,
];

const as = (user: string): readonly string[] =>
  ['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'].map((flag) => `--${flag}=${kubeconfigPath(user)}`);

const CONTROLLER_MANAGER_FLAGS = [
  ...as('controller-manager'),
  '--bind-address=127.0.0.1',
  '--leader-elect=false',
  '--use-service-account-credentials=true',
  `--root-ca-file=${certificate('ca.crt')}`,
  `--service-account-private-key-file=${certificate('sa.key')}`,
  '--kube-api-qps=200',
  '--kube-api-burst=400',
  '--node-monitor-period=2s',
  '--profiling=false',
];

const SCHEDULER_FLAGS = [...as('scheduler'), '--bind-address=127.0.0.1', '--leader-elect=false', '--profiling=false'];
