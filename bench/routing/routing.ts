// `npm run bench -- routing`: what routing costs a request, a lookup and the memory, and what it does when everybody comes at once.

import { StartedParts } from '../../dev/cluster/started-parts.ts';
import type { BenchOptions } from '../options.ts';
import { changes, type ChangesResult } from './changes.ts';
import { directoryCosts, directoryWeight, OTHERS_NEEDED, type DirectoryResult } from './directory.ts';
import type { Weight } from './directory-process.ts';
import { masterAway, type Absence } from './master-away.ts';
import { DEFAULT_MAX_POOLS } from './one-server.ts';
import { overhead, SCENARIOS, type Pace, type ScenarioResult } from './overhead.ts';
import { startPlatform } from './platform.ts';
import { MAX_CONNECTIONS, wake, type WakeOptions, type WakeResult } from './wake.ts';

export interface RoutingResult {
  readonly kind: 'routing';
  readonly options: { readonly quick: boolean };
  readonly overhead: readonly ScenarioResult[];
  readonly directory: DirectoryResult;
  readonly weight: Weight;
  readonly changes: ChangesResult;
  readonly masterAway: readonly Absence[];
  readonly wakes: readonly WakeResult[];
}

interface Extent extends Pace {
  /** Tenants that wake. */
  readonly sleepers: number;
  readonly wakings: readonly WakeOptions[];
  /** Suspensions, one after the other. */
  readonly changes: number;
  /** How long the master database is away, each time. */
  readonly awayMs: number;
}

// Many short rounds rather than a few long ones: the two sides of a comparison see more of the same machine.
const FULL: Extent = {
  rounds: 25,
  seconds: 0.8,
  warmUpSeconds: 0.2,
  sleepers: 1_000,
  wakings: [
    { overMs: 60_000, requestsPerTenant: 3, maxPools: DEFAULT_MAX_POOLS },
    { overMs: 20_000, requestsPerTenant: 3, maxPools: 1_000 },
  ],
  changes: 100,
  awayMs: 10_000,
};
const QUICK: Extent = {
  rounds: 6,
  seconds: 0.5,
  warmUpSeconds: 0.2,
  sleepers: 200,
  wakings: [
    { overMs: 12_000, requestsPerTenant: 3, maxPools: DEFAULT_MAX_POOLS },
    { overMs: 4_000, requestsPerTenant: 3, maxPools: 200 },
  ],
  changes: 20,
  awayMs: 5_000,
};

/** All servers of one scenario hold theirs at the same time. */
const ENOUGH_CONNECTIONS = 800;

export const routing = async ({ quick }: Pick<BenchOptions, 'quick'>, parts: StartedParts, signal: AbortSignal): Promise<RoutingResult> => {
  const extent = quick ? QUICK : FULL;
  const inUse = Math.max(...SCENARIOS.map((scenario) => scenario.inUse));
  const wide = new StartedParts();
  parts.add(wide);
  const platform = await startPlatform({ databases: inUse, rowsOnly: OTHERS_NEEDED, maxConnections: ENOUGH_CONNECTIONS }, wide, signal);
  const measured = {
    directory: await directoryCosts(platform),
    weight: await directoryWeight(platform),
    overhead: await overhead(platform, SCENARIOS, extent, signal),
    changes: await changes(platform, extent.changes, signal),
    masterAway: await masterAway(platform, extent.awayMs, signal),
  };
  await wide.stop();
  const narrow = await startPlatform({ databases: extent.sleepers, rowsOnly: 0, maxConnections: MAX_CONNECTIONS }, parts, signal);
  const wakes: WakeResult[] = [];
  for (const waking of extent.wakings) wakes.push(await wake(narrow, waking, signal));
  return { kind: 'routing', options: { quick }, ...measured, wakes };
};
