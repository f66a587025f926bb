/**
 * What the drift sweeps find. Separate from what tenants report, because a number found on a server is true only while
 * that server is looked at: its series goes when the sweeps leave it out.
 */
import type { Registry } from 'prom-client';

import { instruments } from './instruments.ts';

/** What the sweeps ask for (SweepMetrics of the steps), which this floor does not know. */
export interface SweepSeries {
  sweeping(targets: readonly string[]): void;
  swept(target: string, drifted: number | undefined): void;
  withoutObject(count: number): void;
}

export function sweepMetrics(registry: Registry): SweepSeries {
  const make = instruments(registry);
  const labels = ['target'] as const;
  const drifted = make.gauge({ name: 'studio_sweep_drifted', help: 'Tenants that differed in the last drift sweep.', labels });
  // A sweep may come every minute or every hour: only the count of sweeps tells drift that stays from drift that was repaired.
  const inARow = make.gauge({
    name: 'studio_sweep_drifted_in_a_row',
    help: 'Drift sweeps in a row that found tenants that differ.',
    labels,
  });
  const failures = make.counter({ name: 'studio_sweep_failures_total', help: 'Drift sweeps of a target that failed.', labels });
  const orphans = make.gauge({
    name: 'studio_organizations_without_object',
    help: 'Organizations that are not retained and have no StudioTenant in a watched namespace.',
    labels: [],
  });
  const rows = new Map<string, number>();
  return {
    sweeping(targets) {
      for (const target of [...rows.keys()].filter((known) => !targets.includes(known))) {
        rows.delete(target);
        drifted.remove({ target });
        inARow.remove({ target });
      }
    },
    swept(target, count) {
      if (count === undefined) {
        failures.inc({ target });
        return;
      }
      const row = count === 0 ? 0 : (rows.get(target) ?? 0) + 1;
      rows.set(target, row);
      drifted.set({ target }, count);
      inARow.set({ target }, row);
    },
    withoutObject: (count) => orphans.set(count),
  };
}
