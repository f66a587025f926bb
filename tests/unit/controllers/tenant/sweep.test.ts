import { expect, it } from 'vitest';

import { ConditionType } from '../../../../src/api/conditions.ts';
import { settledTenants } from '../../../../src/controllers/tenant/sweep.ts';
import { aTenant } from '../../../support/a-tenant.ts';

const having = (...types: readonly ConditionType[]) =>
  aTenant({
    status: {
      observedGeneration: 1,
      conditions: types.map((type) => ({
        type,
        status: 'True',
        reason: 'Any',
        message: '',
        observedGeneration: 1,
        lastTransitionTime: '2026-01-01T00:00:00Z',
      })),
    },
  });

it('watches over a tenant that is served although something else about it needs a person', () => {
  const { Ready, Stalled, DatabaseReady } = ConditionType;
  const stalledElsewhere = having(Ready, Stalled, DatabaseReady);
  const stalledHere = having(Ready, Stalled);
  const notServed = having(DatabaseReady);

  expect(settledTenants([stalledElsewhere, stalledHere, notServed], [DatabaseReady])).toEqual([stalledElsewhere]);
});
