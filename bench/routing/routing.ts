// `npm run bench -- routing`: what routing costs a request, a lookup and the memory, and what it does when everybody comes at once.

import { StartedParts } from '../../dev/cluster/started-parts.ts';
import type { BenchOptions } from '../options.ts';
import { directoryCosts, directoryWeight, OTHERS_NEEDED, type DirectoryResult } from './directory.ts';
import type { Weight } from './directory-process.ts';
import { overhead, SCENARIOS, type Pace, type ScenarioResult } from './overhead.ts';
import { startPlatform } from './platform.ts';
import { MAX_CONNECTIONS, wake, type WakeOptions, type WakeResult } from './wake.ts';

export interface RoutingResult {
  readonly kind: 'routing';
  readonly options: { readonly quick: boolean };
  readonly overhead: readonly ScenarioResult[];
  readonly directory: DirectoryResult;
  readonly weight: Weight;
  readonly wake: WakeResult;
}

interface Extent extends Pace {
  /** Tenants that wake. */
  readonly sleepers: number;
  readonly waking: WakeOptions;
}

const FULL: Extent = { rounds: 9, seconds: 2.5, warmUpSeconds: 0.5, sleepers: 1_000, waking: { overMs: 60_000, requestsPerTenant: 3 } };
const QUICK: Extent = { rounds: 3, seconds: 1, warmUpSeconds: 0.5, sleepers: 200, waking: { overMs: 12_000, requestsPerTenant: 3 } };

/** All servers of one scenario hold theirs at the same time. */
const ENOUGH_CONNECTIONS = 800;

export const routing = async ({ quick }: Pick<BenchOptions, 'quick'>, parts: StartedParts, signal: AbortSignal): Promise<RoutingResult> => {
  const extent = quick ? QUICK : FULL;
  const inUse = Math.max(...SCENARIOS.map((scenario) => scenario.inUse));
  const wide = new StartedParts();
  parts.add(wide);
  const platform = await startPlatform({ databases: inUse, rowsOnly: OTHERS_NEEDED, maxConnections: ENOUGH_CONNECTIONS }, wide, signal);
  const directory = await directoryCosts(platform);
  const weight = await directoryWeight(platform);
  const requests = await overhead(platform, SCENARIOS, extent, signal);
  await wide.stop();
  const narrow = await startPlatform({ databases: extent.sleepers, rowsOnly: 0, maxConnections: MAX_CONNECTIONS }, parts, signal);
  return {
    kind: 'routing',
    options: { quick },
    overhead: requests,
    directory,
    weight,
    wake: await wake(narrow, extent.waking, signal),
  };
};
