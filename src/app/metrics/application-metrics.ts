/*
 * The application's numbers for Prometheus: what requests came to, how tenants' connections are used, how well it knows the
 * tenants. Separate from what they tell of, which knows no metrics library. No series has a tenant in it: the log has.
 */
import { Registry } from 'prom-client';

import { registerBuildInfo } from '../../metrics/build-info.ts';
import { registerProcessMetrics } from '../../metrics/process-metrics.ts';
import type { TenantRouting } from '../../routing/index.ts';
import { registerDirectoryMetrics } from './directory-metrics.ts';
import { registerPoolMetrics } from './pool-metrics.ts';
import { type RequestMetrics, requestMetrics } from './request-metrics.ts';

export interface ApplicationMetrics {
  readonly registry: Registry;
  readonly requests: RequestMetrics;
  /** Counts connections and known tenants whenever somebody asks; call once. */
  readonly observeRouting: (routing: Pick<TenantRouting, 'pools' | 'directory'>) => void;
}

/** A registry per call, so that two applications in one process do not share numbers. */
export function createApplicationMetrics(): ApplicationMetrics {
  const registry = new Registry();
  registerProcessMetrics(registry);
  registerBuildInfo(registry, 'studio_app_build_info');
  return {
    registry,
    requests: requestMetrics(registry),
    observeRouting: ({ pools, directory }) => {
      registerPoolMetrics(registry, () => pools.stats());
      registerDirectoryMetrics(registry, () => directory.stats());
    },
  };
}
