// What a node and its parts are called, and where their files are. Separate because certificates, configuration files and tests all use
// the same words.

import path from 'node:path';
import { WORK } from './enclosure/mounts.ts';
import { NODE_ADDRESS } from './enclosure/network.ts';

export const NODE_NAME = 'node0';
export const API_SERVER = `https://${NODE_ADDRESS}:6443`;
export const CERTIFICATES = path.join(WORK, 'certificates');
export const CONTAINERD_SOCKET = path.join(WORK, 'containerd.sock');
/** Logs of the components, one file each. */
export const LOGS = path.join(WORK, 'logs');
/** Process ids of the components, one file each. */
export const PROCESS_IDS = path.join(WORK, 'pids');
/** The Service of the cluster's DNS. */
export const DNS_ADDRESS = '10.96.0.10';
export const PAUSE_IMAGE = 'registry.k8s.io/pause:3.10';
export const DNS_IMAGE = 'docker.io/library/coredns:1.15.0';

export const kubeconfigPath = (user: string): string => path.join(WORK, `${user}.kubeconfig`);
/** In the same file for the administrator as for the components. */
export const ADMIN_KUBECONFIG = kubeconfigPath('admin');
