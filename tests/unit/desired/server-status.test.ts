import { expect, test } from 'vitest';
import { findCondition, isTrue } from '../../../src/api/conditions.ts';
import type { PostgresServerStatus } from '../../../src/api/postgres-server.ts';
import type { ServerFacts } from '../../../src/desired/postgres/server-facts.ts';
import { serverStatus, type ServerFinding } from '../../../src/desired/server-status.ts';
import { aServer } from '../../support/a-tenant.ts';

const NOW = '2026-02-02T00:00:00Z';
const ready: ServerFinding = {
  kind: 'ready',
  identity: 'system:1',
  facts: { role: 'op', version: '18.4', databases: 3 } as ServerFacts,
};
const notReady: ServerFinding = { kind: 'notReady', reason: 'PublicConnect', message: 'run this' };
const unreachable: ServerFinding = { kind: 'unreachable', message: 'no answer' };

const fresh = aServer('main', {}, { status: { observedGeneration: -1 } });

test.each<[string, ServerFinding, string | undefined]>([
  ['ready', ready, undefined],
  ['in need of a person', notReady, undefined],
  ['unreachable', unreachable, undefined],
  ['ready and being deleted', ready, 'held'],
  ['in need of a person and being deleted', notReady, 'held'],
  ['unreachable and being deleted', unreachable, 'held'],
])('a server that is %s has one of the three conditions, and never Reconciling with Stalled', (_what, finding, holding) => {
  const { conditions, observedGeneration } = serverStatus(fresh, finding, holding, NOW);
  const [isReady, isReconciling, isStalled] = ['Ready', 'Reconciling', 'Stalled'].map((type) => isTrue(conditions, type));
  expect(isReady === true || isReconciling === true || isStalled === true).toBe(true);
  expect(isReconciling === true && isStalled === true).toBe(false);
  expect(isReady).toBe(finding.kind === 'ready');
  expect(observedGeneration).toBe(1);
});

test('what was recorded of a server stays while another one answers', () => {
  const recorded: PostgresServerStatus = serverStatus(fresh, ready, undefined, NOW);
  expect(recorded).toMatchObject({ version: '18.4', databases: 3, identity: 'system:1', operatorRole: 'op' });
  const later = serverStatus({ ...fresh, status: recorded }, { kind: 'notReady', reason: 'IdentityChanged', message: 'x' }, undefined, NOW);
  expect(later).toMatchObject({ identity: 'system:1', operatorRole: 'op' });
});

test('a server that healed is neither Stalled nor Reconciling any more, and nothing changes when nothing does', () => {
  const stalled = serverStatus(fresh, notReady, undefined, NOW);
  const healed = serverStatus({ ...fresh, status: stalled }, ready, undefined, NOW);
  expect(findCondition(healed.conditions, 'Stalled')).toBeUndefined();
  expect(serverStatus({ ...fresh, status: healed }, ready, undefined, '2027-01-01T00:00:00Z')).toEqual(healed);
});
