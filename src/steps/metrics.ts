/**
 * Where the work on tenants reports numbers. Separate so that steps and controllers know no metrics library; the process
 * edge implements it (src/metrics). All are called synchronously and must not throw.
 */
import type { Settled, StepName } from './step.ts';

export interface TenantMetrics {
  /** studio_step_seconds: one run of one step; `error` when it threw. */
  step(name: StepName, outcome: Settled['kind'] | 'error', seconds: number): void;
  /** studio_tenant_ready_seconds: from the object's creation to Ready for the first time. */
  becameReady(seconds: number): void;
}

export interface SweepMetrics {
  /** A round of sweeps begins, of these targets: what was found on others before says nothing any more, and is forgotten. */
  sweeping(targets: readonly string[]): void;
  /** studio_sweep_drifted, _drifted_in_a_row, _failures_total: how many tenants differed; undefined: the target could not be asked. */
  swept(target: string, drifted: number | undefined): void;
  /** studio_organizations_without_object: rows of this cluster that are not retained and have no StudioTenant in a watched namespace. */
  withoutObject(count: number): void;
}
