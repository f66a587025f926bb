// How HTTP requests come from this machine to the tenants of a run. Separate from the ways to a cluster, which each have another one:
// programs here, ports of a container, or whatever an existing cluster has.

import type { ReservedPort } from '../free-port.ts';
import type { Cluster } from '../demo/kubernetes.ts';

export interface Entrance {
  /** Of 127.0.0.1, where hosts under `localhost` lead; known before anything listens there. */
  readonly httpPort: number;
  /** Missing where nobody knows. */
  readonly httpsPort?: number;
  /** The Ingress class to ask for; missing: the cluster's default. */
  readonly className?: string;
  /** Where the application is to listen, when it runs as a process here; missing: it runs as pods. */
  readonly application?: ReservedPort;
  /** Begins what takes long the first time; nobody waits for it yet. */
  prepare(): void;
  /** Resolves once there is somebody who answers; what serves a tenant's Ingress follows a moment later. */
  open(cluster: Pick<Cluster, 'apply' | 'writeServiceAccountKubeconfig'>): Promise<void>;
}
