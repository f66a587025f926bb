// containerd with runc and the CNI's bridge, configured for an enclosure: all its state under one directory, no AppArmor, and control
// groups by file. Separate from the kubelet, which only knows its socket.

import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { WORK } from './enclosure/mounts.ts';
import { POD_RANGE } from './enclosure/network.ts';
import { CONTAINERD_SOCKET, PAUSE_IMAGE } from './names.ts';
import type { DebianPrograms } from './node-programs.ts';
import type { Component } from './supervisor.ts';

const STATE = path.join(WORK, 'containerd');
const NETWORKS = path.join(WORK, 'cni');
/** An image is imported in seconds; a containerd that hangs must not hold up whoever waits for the node. */
const CTR_TIMEOUT_MS = 120_000;

/** Writes the configuration. */
export const containerRuntime = (debian: DebianPrograms): Component => {
  for (const directory of [STATE, NETWORKS]) mkdirSync(directory, { recursive: true });
  const configuration = path.join(WORK, 'containerd.toml');
  writeFileSync(configuration, containerdConfiguration(debian));
  writeFileSync(path.join(NETWORKS, '10-bridge.conflist'), JSON.stringify(NETWORK));
  return {
    name: 'containerd',
    command: path.join(debian.root, 'usr/bin/containerd'),
    args: ['--config', configuration],
    env: debianEnvironment(debian),
  };
};

/** Also of what calls iptables and conntrack. */
export const debianEnvironment = ({ env }: DebianPrograms): NodeJS.ProcessEnv => ({ ...process.env, ...env });

/** Of a docker-archive; the kubelet pulls nothing. */
export const importImage = async (debian: DebianPrograms, archive: string): Promise<void> => {
  await ctr(debian, 'images', 'import', archive);
};

/** Another name for an image that is there. */
export const tagImage = async (debian: DebianPrograms, reference: string, name: string): Promise<void> => {
  await ctr(debian, 'images', 'tag', '--force', reference, name);
};

const ctr = async (debian: DebianPrograms, ...args: readonly string[]): Promise<string> => {
  const program = path.join(debian.root, 'usr/bin/ctr');
  const options = {
    env: debianEnvironment(debian),
    maxBuffer: 16 * 1024 * 1024,
    timeout: CTR_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  } as const;
  return (await promisify(execFile)(program, ['-a', CONTAINERD_SOCKET, '-n', 'k8s.io', ...args], options)).stdout;
};

const containerdConfiguration = ({ root }: DebianPrograms): string => `
version = 2
root = '${STATE}/root'
state = '${STATE}/state'
[grpc]
  address = '${CONTAINERD_SOCKET}'
[plugins."io.containerd.internal.v1.opt"]
  path = '${STATE}/opt'
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = '${PAUSE_IMAGE}'
  # Without CAP_SYS_RESOURCE, which not every root has, a sandbox could not be made less likely to be killed than its parent.
  restrict_oom_score_adj = true
  disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = 'overlayfs'
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = 'io.containerd.runc.v2'
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = '${root}/usr/sbin/runc'
      SystemdCgroup = false
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = '${root}/usr/lib/cni'
  conf_dir = '${NETWORKS}'
`;

/** Knows no NetworkPolicy: what one forbids is possible here. */
const NETWORK = {
  cniVersion: '1.0.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: 'pods0',
      isGateway: true,
      isDefaultGateway: true,
      hairpinMode: true,
      ipam: { type: 'host-local', dataDir: path.join(WORK, 'addresses'), ranges: [[{ subnet: POD_RANGE }]] },
    },
  ],
};
