/**
 * Memory, CPU, event loop and garbage collection of this process, as the library has them. Separate because three of them are
 * left out: gauges that are named like counters, which promtool complains of, and which others of them say better.
 */
import { collectDefaultMetrics, type Registry } from 'prom-client';

const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'] as const;

export function registerProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
}
