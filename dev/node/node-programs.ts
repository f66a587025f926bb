// What a node consists of, as files of this machine. Plain data, because it is collected outside, where there is a network, and used
// inside the enclosure, where there is none.

export interface NodePrograms {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubeControllerManager: string;
  readonly kubeScheduler: string;
  readonly kubelet: string;
  readonly kubeProxy: string;
  readonly debian: DebianPrograms;
  readonly coredns: string;
  readonly pause: string;
}

/** containerd, runc, the CNI plugins, conntrack and iptables, unpacked into a directory. */
export interface DebianPrograms {
  readonly root: string;
  /** Variables by which they, their libraries and their extensions are found. */
  readonly env: NodeJS.ProcessEnv;
}
