// The leader's Lease, and whether it is being renewed. Separate from the check, which is pure: where this machine's clock says no, the Lease itself is
// looked at again, because the clock of a laptop may be wrong and the Lease's time is the operator's.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Metadata } from '../kubernetes/objects.ts';

export interface Lease {
  readonly metadata: Metadata;
  readonly spec?: { readonly holderIdentity?: string; readonly renewTime?: string; readonly leaseDurationSeconds?: number };
}

const DEFAULT_DURATION_S = 15;
const LOOK_AGAIN_MS = 1000;

/** The one that belongs to the Deployment of that name. */
export function leaderLease(leases: readonly Lease[], name = 'studio-operator'): Lease | undefined {
  return leases.find(({ metadata }) => metadata.name === name);
}

/** Seconds after which the Lease has run out if it is not renewed. */
export function durationOf({ spec }: Lease): number {
  return spec?.leaseDurationSeconds ?? DEFAULT_DURATION_S;
}

/** By this machine's clock; one that is far behind shows renewals in the future and proves nothing either. */
export function isFresh(lease: Lease, nowMs: number): boolean {
  return Math.abs(nowMs - Date.parse(lease.spec?.renewTime ?? '')) < durationOf(lease) * 1000;
}

/** Looks for as long as the Lease lasts; true as soon as it was renewed. */
export async function isRenewed(before: Lease, read: () => Promise<Lease | undefined>): Promise<boolean> {
  for (let leftMs = durationOf(before) * 1000; leftMs > 0; leftMs -= LOOK_AGAIN_MS) {
    await sleep(LOOK_AGAIN_MS);
    const lease = await read();
    if (lease?.spec?.renewTime !== before.spec?.renewTime && lease?.spec?.holderIdentity !== undefined) return true;
  }
  return false;
}
