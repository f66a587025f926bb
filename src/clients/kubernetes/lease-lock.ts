/*
 * A Lease as leader election's lock. Separate so that the runtime knows no client. Give it a Kubernetes of its own,
 * whose assertWritable lets everything through: a candidate writes before it leads.
 */
import { LEASE } from '../../api/resources.ts';
import type { Request } from '../../runtime/reconciler.ts';
import { keyOfRequest } from '../../runtime/reconciler.ts';
import type { Lease, LeaseLock, LeaseSpec } from '../../runtime/lease-lock.ts';
import { isAlreadyExists, isConflict } from './errors.ts';
import type { Kubernetes } from './kubernetes.ts';

export function leaseLock(kubernetes: Kubernetes, request: Request): LeaseLock {
  const { namespace, name } = request;
  return {
    name: keyOfRequest(request),
    read: (signal: AbortSignal) => kubernetes.get<Lease>(LEASE, request, { signal }),
    create: (spec: LeaseSpec, signal: AbortSignal) =>
      unlessFaster(kubernetes.create<Lease>(LEASE, withSpec({ metadata: { namespace, name } }, spec), { signal })),
    // The PUT carries the resourceVersion that was read: a write in between answers 409.
    update: (lease: Lease, spec: LeaseSpec, signal: AbortSignal) =>
      unlessFaster(kubernetes.replace<Lease>(LEASE, withSpec(lease, spec), { signal })),
  };
}

function withSpec<T extends object>(object: T, spec: LeaseSpec): T & { readonly spec: LeaseSpec } {
  return { ...object, spec };
}

async function unlessFaster(write: Promise<Lease>): Promise<Lease | undefined> {
  try {
    return await write;
  } catch (error) {
    if (isConflict(error) || isAlreadyExists(error)) return undefined;
    throw error;
  }
}
