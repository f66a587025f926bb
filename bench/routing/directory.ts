// What the directory costs by itself: a known host, an unknown one, a thousand unknown ones at once, and ten thousand remembered ones.

import { StartedParts } from '../../dev/cluster/started-parts.ts';
import { withProgress } from '../../dev/progress.ts';
import { startChild, type Child } from './child.ts';
import type { DirectoryCalls, HitCost, MissCost, Weight } from './directory-process.ts';
import { BASE_DOMAIN, type Platform } from './platform.ts';

export interface DirectoryResult {
  readonly hits: readonly (HitCost & { readonly known: number })[];
  readonly oneByOne: MissCost;
  readonly atOnce: MissCost;
}

const HITS_OF = [100, 5_000] as const;
const ONE_BY_ONE = 1_000;
const AT_ONCE = 1_000;
const WEIGHED = 10_000;
/** Asked for before, so that code that is compiled and buffers that grow at first are not taken for tenants. */
const WARM_UP = 2_000;

/** Tenants of `others` that all parts together need. */
export const OTHERS_NEEDED = WEIGHED + WARM_UP;

export const directoryCosts = async (platform: Platform): Promise<DirectoryResult> =>
  await withProgress('Lookups', async () => {
    const hits: DirectoryResult['hits'][number][] = [];
    for (const known of HITS_OF) {
      const hosts = platform.others.slice(0, known);
      hits.push({ known, ...(await withDirectory(platform, [], (child) => child.ask('hit', { hosts, lookups: 100_000, rounds: 9 }))) });
    }
    const oneByOne = await withDirectory(platform, [], (child) =>
      child.ask('miss', { hosts: platform.others.slice(0, ONE_BY_ONE), atOnce: false }),
    );
    const atOnce = await withDirectory(platform, [], (child) =>
      child.ask('miss', { hosts: platform.others.slice(0, AT_ONCE), atOnce: true }),
    );
    return { hits, oneByOne, atOnce };
  });

export const directoryWeight = async (platform: Platform): Promise<Weight> =>
  await withProgress(
    `${WEIGHED} known tenants`,
    async () =>
      await withDirectory(platform, ['--expose-gc'], async (child) => {
        await child.ask('weigh', { hosts: platform.others.slice(WEIGHED, WEIGHED + WARM_UP) });
        return await child.ask('weigh', { hosts: platform.others.slice(0, WEIGHED) });
      }),
  );

/** In a new process, which knows nobody. */
const withDirectory = async <T>(
  platform: Platform,
  nodeOptions: readonly string[],
  work: (child: Child<DirectoryCalls>) => Promise<T>,
): Promise<T> => {
  const parts = new StartedParts();
  try {
    const child = parts.add(startChild<DirectoryCalls>('directory-process.ts', { nodeOptions }));
    await child.ask('open', { masterUrl: platform.applicationUrl, baseDomain: BASE_DOMAIN, maxTenants: 20_000 });
    return await work(child);
  } finally {
    await parts.stop();
  }
};
