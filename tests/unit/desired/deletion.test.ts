import { describe, expect, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import { deletionPlan } from '../../../src/desired/deletion.ts';
import { aTenant } from '../../support/a-tenant.ts';

const toDelete = (confirmation?: string) =>
  aTenant({
    metadata: { annotations: confirmation === undefined ? {} : { [ANNOTATION.confirmDeletion]: confirmation } },
    spec: { deletionPolicy: 'Delete' },
  });

describe('what a deletion means for the data', () => {
  it('keeps it by default', () => {
    expect(deletionPlan(aTenant(), false)).toEqual({ policy: 'Retain', overruled: undefined });
  });

  it("drops it with the policy and the confirmation in the tenant's own name", () => {
    expect(deletionPlan(toDelete('my-studio'), false)).toEqual({ policy: 'Delete', overruled: undefined });
  });

  it('keeps it, and says so, without the confirmation or with one for another name', () => {
    expect(deletionPlan(toDelete(), false)).toMatchObject({ policy: 'Retain', overruled: { reason: 'DeletionNotConfirmed' } });
    expect(deletionPlan(toDelete('other'), false)).toMatchObject({ policy: 'Retain', overruled: { reason: 'DeletionNotConfirmed' } });
  });

  it('keeps it while the kind itself is being deleted, whatever was confirmed', () => {
    expect(deletionPlan(toDelete('my-studio'), true)).toMatchObject({ policy: 'Retain', overruled: { reason: 'KindBeingDeleted' } });
  });
});
