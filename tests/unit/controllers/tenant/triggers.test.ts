import { describe, expect, it } from 'vitest';

import { ANNOTATION } from '../../../../src/api/annotations.ts';
import { turnOf } from '../../../../src/controllers/tenant/probes.ts';
import { concernsController } from '../../../../src/controllers/tenant/triggers.ts';
import { aTenant } from '../../../support/a-tenant.ts';

const before = aTenant();

describe('what wakes a reconcile', () => {
  it("is never the operator's own status write", () => {
    const after = aTenant({ metadata: { resourceVersion: '2' }, status: { observedGeneration: 1, phase: 'Ready' } });
    expect(concernsController(before, after)).toBe(false);
  });

  it.each([
    ['a new generation', aTenant({ metadata: { generation: 2 } })],
    ['a deletion', aTenant({ metadata: { deletionTimestamp: '2026-01-02T00:00:00Z' } })],
    ['a finalizer taken away', aTenant({ metadata: { finalizers: [] } })],
    ['a retry', aTenant({ metadata: { annotations: { [ANNOTATION.retry]: '1' } } })],
    ['a suspension by annotation', aTenant({ metadata: { annotations: { [ANNOTATION.suspend]: 'incident' } } })],
    ['another object of the same name', aTenant({ metadata: { uid: 'other' } })],
  ])('is %s', (_what, after) => {
    expect(concernsController(before, after)).toBe(true);
  });

  it('is not an annotation of somebody else', () => {
    expect(concernsController(before, aTenant({ metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'x' } } }))).toBe(false);
  });
});

describe('turns of the login probe', () => {
  it('are spread evenly over the interval', () => {
    const turns = Array.from({ length: 6_000 }, (_, i) => turnOf(`uid-${i}`, 60));
    const counts = Array.from({ length: 60 }, (_, turn) => turns.filter((of) => of === turn).length);
    expect(Math.min(...counts)).toBeGreaterThan(60);
    expect(Math.max(...counts)).toBeLessThan(140);
  });
});
