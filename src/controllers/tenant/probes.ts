/**
 * Login probes, spread evenly: every served tenant's turn comes once in an interval, at a second that follows from its
 * uid. Separate from the sweep because a role can always change its own password, and only a login shows it; and what
 * lies inside a database can only be seen from inside.
 */
import { createHash } from 'node:crypto';

import { isTrue } from '../../api/conditions.ts';
import { keyOf } from '../../api/object-meta.ts';
import type { StudioTenant } from '../../api/studio-tenant.ts';
import { isSuspended } from '../../desired/suspension.ts';
import { type Clock, pause } from '../../runtime/clock.ts';
import type { Caches } from '../../steps/tenant-work.ts';

const TICK_MS = 1_000;

/** Which tick of an interval is this tenant's turn. Pure; even over uids. */
export function turnOf(uid: string, ticks: number): number {
  return createHash('sha256').update(uid).digest().readUInt32BE(0) % ticks;
}

export interface ProbeOptions {
  readonly caches: Caches;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Has the tenant reconciled with its login proven and its database looked into. */
  readonly probe: (key: string) => void;
  readonly signal: AbortSignal;
}

/** Until the signal aborts. */
export async function probeTenants({ caches, clock, intervalMs, probe, signal }: ProbeOptions): Promise<void> {
  const ticks = Math.max(1, Math.round(intervalMs / TICK_MS));
  for (let tick = 0; !signal.aborted; tick = (tick + 1) % ticks) {
    for (const tenant of turnsAt(caches, tick, ticks)) probe(keyOf(tenant));
    await pause(clock, TICK_MS, signal);
  }
}

function turnsAt(caches: Caches, tick: number, ticks: number): readonly StudioTenant[] {
  return caches.tenants
    .list()
    .filter(
      (tenant) =>
        tenant.metadata.deletionTimestamp === undefined &&
        isTrue(tenant.status?.conditions, 'Ready') &&
        !isSuspended(tenant) &&
        turnOf(tenant.metadata.uid, ticks) === tick,
    );
}
