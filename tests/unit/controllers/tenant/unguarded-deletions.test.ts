import { beforeEach, describe, expect, it } from 'vitest';

import { FINALIZER } from '../../../../src/api/group.ts';
import { UnguardedDeletions } from '../../../../src/controllers/tenant/unguarded-deletions.ts';
import { aTenant } from '../../../support/a-tenant.ts';

const KEY = 'studio-tenants/my-studio';
const without = aTenant({ metadata: { uid: 'one', finalizers: [] } });
const withIt = aTenant({ metadata: { uid: 'one', finalizers: [FINALIZER] } });

let deletions: UnguardedDeletions;
beforeEach(() => {
  deletions = new UnguardedDeletions();
});

describe('a tenant that is gone without having waited for its finalizer', () => {
  it('is known while a deletion may have overtaken the finalizer, as it was seen last', () => {
    deletions.seen(KEY, without, 0);
    deletions.seen(KEY, { ...withIt, spec: { ...withIt.spec, deletionPolicy: 'Delete' } }, 1_000);
    expect(deletions.of(KEY, 2_000)).toMatchObject({
      metadata: { uid: 'one', finalizers: [FINALIZER] },
      spec: { deletionPolicy: 'Delete' },
    });
  });

  it('is known until it has been taken down, however long that takes', () => {
    deletions.seen(KEY, without, 0);
    expect(deletions.of(KEY, 59_000)).toBeDefined();
    expect(deletions.of(KEY, 600_000)).toBeDefined();
    deletions.forget(KEY);
    expect(deletions.of(KEY, 600_000)).toBeUndefined();
  });

  it('is not taken down when its finalizer had time enough: somebody has removed it by hand', () => {
    deletions.seen(KEY, without, 0);
    expect(deletions.of(KEY, 61_000)).toBeUndefined();
  });

  it('is not taken down when this process found the finalizer on it', () => {
    deletions.seen(KEY, withIt, 0);
    expect(deletions.of(KEY, 1_000)).toBeUndefined();
  });

  it('is not taken down once another has its name', () => {
    deletions.seen(KEY, without, 0);
    deletions.seen(KEY, aTenant({ metadata: { uid: 'two', finalizers: [FINALIZER] } }), 1_000);
    expect(deletions.of(KEY, 2_000)).toBeUndefined();
  });
});

it('does not keep every tenant that was ever begun', () => {
  deletions.seen(KEY, without, 0);
  deletions.seen('studio-tenants/another', aTenant({ metadata: { uid: 'two', finalizers: [] } }), 100_000);
  // Long after its time, and as if no time had passed: it is not there any more.
  expect(deletions.of(KEY, 0)).toBeUndefined();
});
