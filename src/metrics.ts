/**
 * Every number the operator gives to Prometheus, in one registry of its own. A process edge: the rest of the operator
 * sees only the small interfaces that are implemented here.
 */
import { Registry } from 'prom-client';

import { registerBuildInfo } from './metrics/build-info.ts';
import { clientMetrics, type ClientMetrics } from './metrics/client-metrics.ts';
import { instruments } from './metrics/instruments.ts';
import { registerFleetMetrics, type Fleet } from './metrics/fleet-metrics.ts';
import { registerProcessMetrics } from './metrics/process-metrics.ts';
import { runtimeMetrics, type RuntimeMetrics } from './metrics/runtime-metrics.ts';
import { sweepMetrics } from './metrics/sweep-metrics.ts';
import type { SweepMetrics, TenantMetrics } from './steps/metrics.ts';

export interface Metrics {
  readonly registry: Registry;
  readonly runtime: RuntimeMetrics;
  readonly clients: ClientMetrics;
  readonly tenants: TenantMetrics & SweepMetrics;
  /** Counts tenants and servers from the caches; call once, when the caches exist. */
  readonly observeFleet: (fleet: Fleet) => void;
}

const STEP_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const READY_BUCKETS = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600];

/** A registry per call, so that tests do not share numbers. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  registerProcessMetrics(registry);
  registerBuildInfo(registry, 'studio_build_info');
  return {
    registry,
    runtime: runtimeMetrics(registry),
    clients: clientMetrics(registry),
    tenants: { ...tenantMetrics(registry), ...sweepMetrics(registry) },
    observeFleet: (fleet) => registerFleetMetrics(registry, fleet),
  };
}

function tenantMetrics(registry: Registry): TenantMetrics {
  const make = instruments(registry);
  const steps = make.histogram(
    { name: 'studio_step_seconds', help: 'Length of one run of one step of a tenant.', labels: ['step', 'outcome'] },
    STEP_BUCKETS,
  );
  const ready = make.histogram(
    { name: 'studio_tenant_ready_seconds', help: 'Time from the creation of a StudioTenant to its first Ready.', labels: [] },
    READY_BUCKETS,
  );
  return {
    step: (step, outcome, seconds) => steps.observe({ step, outcome }, seconds),
    becameReady: (seconds) => ready.observe(seconds),
  };
}
