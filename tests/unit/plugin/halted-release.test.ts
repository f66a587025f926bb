/** The release whose halt a tenant waits for: lifting another one starts what was stopped on purpose. */
import { expect, it } from 'vitest';

import { fleetReport } from '../../../src/plugin/fleet/report.ts';
import type { Release, Tenant } from '../../../src/plugin/kubernetes/objects.ts';

const halted = (name: string, version: number): Release => ({ metadata: { name }, spec: { version }, status: { halted: true } });
const releases = [halted('alpha', 1), halted('beta', 3), halted('canary', 2), { metadata: { name: 'next' }, spec: { version: 9 } }];

it.each([
  ['the one that it is pinned to', { release: 'canary' }, 0, 'release/canary'],
  ['the newest above its own', {}, 1, 'release/beta'],
  ['none where its own release is not halted', { release: 'next' }, 1, 'release/RELEASE'],
  ['none where it is beyond them all', {}, 3, 'release/RELEASE'],
])('is %s', (_, spec, version, expected) => {
  const tenant: Tenant = {
    metadata: { name: 'yoga', namespace: 'studios', generation: 1 },
    spec,
    status: {
      observedGeneration: 1,
      schema: { version },
      conditions: [{ type: 'Reconciling', status: 'True', reason: 'RolloutHalted' }],
    },
  };

  expect(fleetReport({ tenants: [tenant], releases, gaps: [] }).tenants[0]?.nextAction).toContain(`kubectl studio retry ${expected}`);
});
