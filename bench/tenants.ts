// The tenants that are measured: applied by a handful of writers, as a fleet that is restored or imported comes. Separate because both
// benchmarks need many, and wait for all of them.

import { STUDIO_TENANT } from '../src/api/resources.ts';
import { apiVersionOf } from '../src/api/resources.ts';
import type { StudioTenant } from '../src/api/studio-tenant.ts';
import { isServed } from '../dev/demo/tenant-rows.ts';
import type { RunningOperator } from '../dev/demo/install.ts';
import { say } from '../dev/progress.ts';
import { inParallel } from './in-parallel.ts';
import { NAMESPACE, type Stage } from './stage.ts';

const WRITERS = 8;

export const applyTenants = async ({ cluster }: Stage, count: number, signal: AbortSignal): Promise<void> => {
  await inParallel(count, WRITERS, async (index) => {
    signal.throwIfAborted();
    const name = tenantName(index);
    await cluster.apply({
      apiVersion: apiVersionOf(STUDIO_TENANT),
      kind: STUDIO_TENANT.kind,
      metadata: { name, namespace: NAMESPACE },
      spec: { displayName: `Studio ${index}`, subdomain: name },
    });
  });
};

export const tenantName = (index: number): string => `bench-${String(index).padStart(5, '0')}`;

/** When each tenant was first seen Ready, in milliseconds since the epoch, by name. */
export type ReadyTimes = ReadonlyMap<string, number>;

const TICK_MS = 250;
const SAY_EVERY_MS = 15_000;
/** Nothing becomes Ready for so long: it never will. */
const STANDSTILL_MS = 120_000;

/** Rejects when the operator ends, when nothing moves any more, or with the signal's reason. */
export const allReady = async (stage: Stage, operator: RunningOperator, count: number, signal: AbortSignal): Promise<ReadyTimes> => {
  const ready = new Map<string, number>();
  let movedMs = performance.now();
  const note = (tenant: StudioTenant | undefined): void => {
    if (tenant === undefined || ready.has(tenant.metadata.name) || !isServed(tenant)) return;
    ready.set(tenant.metadata.name, Date.now());
    movedMs = performance.now();
  };
  const stop = stage.tenants.onChange((_key, _before, after) => note(after));
  let saidMs = performance.now();
  try {
    for (const tenant of stage.tenants.list()) note(tenant);
    while (ready.size < count) {
      signal.throwIfAborted();
      if (operator.process?.hasEnded() === true) throw new Error('the operator has ended');
      if (performance.now() - movedMs > STANDSTILL_MS) throw new Error(standstill(stage, ready.size, count));
      if (performance.now() - saidMs > SAY_EVERY_MS) {
        saidMs = performance.now();
        say(`${ready.size} of ${count} tenants are Ready`);
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
  } finally {
    stop();
  }
  return ready;
};

const standstill = ({ tenants }: Stage, ready: number, count: number): string => {
  const waiting = tenants.list().find((tenant) => !isServed(tenant));
  const why = waiting?.status?.conditions?.find(({ type }) => type === 'Ready');
  const example = waiting === undefined ? 'not all are there' : `${waiting.metadata.name}: ${why?.reason}: ${why?.message}`;
  return `${ready} of ${count} tenants are Ready and for ${STANDSTILL_MS / 1000} s no further one has become so; ${example}`;
};
