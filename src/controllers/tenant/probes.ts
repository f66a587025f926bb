/**
 * Login probes, spread evenly: every served tenant's turn comes once in an interval, at a second that follows from its
 * uid. Separate from the sweep because a role can always change its own password, and only a login shows it; and what
 * lies inside a database can only be seen from inside.
 */
import { createHash } from 'node:crypto';

import type { Logger } from 'pino';

import { isTrue } from '../../api/conditions.ts';
import { keyOf } from '../../api/object-meta.ts';
import type { StudioTenant } from '../../api/studio-tenant.ts';
import { isSuspended } from '../../desired/suspension.ts';
import { pause } from '../../runtime/clock.ts';
import type { Caches } from '../../steps/tenant-work.ts';

const TICK_MS = 1_000;

/** Which tick of an interval is this tenant's turn. Pure; even over uids. */
export function turnOf(uid: string, ticks: number): number {
  return createHash('sha256').update(uid).digest().readUInt32BE(0) % ticks;
}

export interface ProbeOptions {
  readonly caches: Caches;
  readonly intervalMs: number;
  /** Proves one login and looks inside; queues the tenant itself where something differs. */
  readonly probe: (tenant: StudioTenant) => Promise<void>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Until the signal aborts. Never throws; a probe that fails is logged, and its turn comes again. */
export async function probeTenants(clock: Parameters<typeof pause>[0], options: ProbeOptions): Promise<void> {
  const ticks = Math.max(1, Math.round(options.intervalMs / TICK_MS));
  for (let tick = 0; !options.signal.aborted; tick = (tick + 1) % ticks) {
    const began = clock.monotonicMs();
    for (const tenant of turnsAt(options.caches, tick, ticks)) {
      if (options.signal.aborted) return;
      try {
        await options.probe(tenant);
      } catch (error) {
        options.log.warn({ tenant: keyOf(tenant), err: error }, 'probe failed');
      }
    }
    await pause(clock, Math.max(0, TICK_MS - (clock.monotonicMs() - began)), options.signal);
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
