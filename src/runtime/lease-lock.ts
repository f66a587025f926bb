/*
 * The one object that leader election reads and writes, as a port. Separate so that the election is tested against
 * any store with optimistic concurrency, and knows no client.
 */
import type { KubernetesObject } from '../api/object-meta.ts';

/** coordination.k8s.io/v1 LeaseSpec, as far as it is used. Times are MicroTime: six digits, or the server refuses them. */
export interface LeaseSpec {
  readonly holderIdentity?: string | undefined;
  readonly leaseDurationSeconds?: number | undefined;
  readonly acquireTime?: string | undefined;
  readonly renewTime?: string | undefined;
  readonly leaseTransitions?: number | undefined;
}

export interface Lease extends KubernetesObject {
  readonly spec?: LeaseSpec;
}

export interface LeaseLock {
  /** 'namespace/name', for logs. */
  readonly name: string;
  read(signal: AbortSignal): Promise<Lease | undefined>;
  /** Undefined when somebody was faster. */
  create(spec: LeaseSpec, signal: AbortSignal): Promise<Lease | undefined>;
  /** Writes over exactly the version `lease`; undefined when it is not the current one any more. */
  update(lease: Lease, spec: LeaseSpec, signal: AbortSignal): Promise<Lease | undefined>;
}
