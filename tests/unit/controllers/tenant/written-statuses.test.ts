import { expect, it } from 'vitest';

import type { Phase } from '../../../../src/api/studio-tenant-status.ts';
import { WrittenStatuses } from '../../../../src/controllers/tenant/written-statuses.ts';
import { aTenant } from '../../../support/a-tenant.ts';

const at = (resourceVersion: string, phase: Phase) => aTenant({ metadata: { resourceVersion }, status: { observedGeneration: 1, phase } });

it('takes the status that was written last while the cache is older, and the cached one from then on', () => {
  const written = new WrittenStatuses();
  written.remember(at('10', 'Provisioning'));
  written.remember(at('11', 'Ready'));

  expect(written.onto(at('9', 'Pending')).status?.phase).toBe('Ready');
  // Somebody annotated it before the cache heard of the write.
  expect(written.onto(at('10', 'Provisioning')).status?.phase).toBe('Ready');
  expect(written.onto(at('11', 'Ready')).status?.phase).toBe('Ready');
  expect(written.onto(at('100', 'Degraded')).status?.phase).toBe('Degraded');
});

it('knows nothing of an object that succeeded another of its name', () => {
  const written = new WrittenStatuses();
  written.remember(at('11', 'Ready'));
  const successor = aTenant({ metadata: { uid: 'another', resourceVersion: '5' } });

  expect(written.onto(successor)).toBe(successor);
});
