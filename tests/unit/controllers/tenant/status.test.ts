import { describe, expect, it } from 'vitest';

import { findCondition } from '../../../../src/api/conditions.ts';
import type { StudioTenantStatus } from '../../../../src/api/studio-tenant.ts';
import type { Outcome, StepOutcome } from '../../../../src/controllers/tenant/outcome.ts';
import { pausedStatus, tenantStatus } from '../../../../src/controllers/tenant/status.ts';
import type { StudioTenant } from '../../../../src/api/studio-tenant.ts';
import { anOrganization, aTenant } from '../../../support/a-tenant.ts';

const config = { baseDomain: 'platform.com', publicUrl: { scheme: 'https', port: undefined } } as const;
const ok = (step: StepOutcome['step'], condition: StepOutcome['condition']): StepOutcome => ({
  step,
  condition,
  verdict: { kind: 'inSync' },
});
const allDone: Outcome = {
  problem: undefined,
  steps: [
    ok('Organization', 'Registered'),
    ok('Credentials', 'CredentialsReady'),
    ok('Roles', 'DatabaseReady'),
    ok('Database', 'DatabaseReady'),
    ok('Login', 'DatabaseReady'),
    ok('Schema', 'SchemaReady'),
    ok('Subscription', 'SubscriptionReady'),
    ok('Route', 'Routed'),
  ],
};
const away: Outcome = {
  steps: [],
  problem: {
    step: 'Organization',
    condition: 'Registered',
    reason: 'MasterUnavailable',
    message: 'The master database cannot be reached; tried again with growing pauses.',
    code: undefined,
    stopsServing: false,
    error: new Error('away'),
  },
};

function statusOf(
  tenant: StudioTenant,
  outcome: Outcome,
  now = '2026-02-01T00:00:00Z',
  organization = anOrganization(),
): StudioTenantStatus {
  return tenantStatus({ tenant, outcome, organization, config, now, report: { releasedClaims: [] } });
}
const reasonOf = (status: StudioTenantStatus, type: string) => findCondition(status.conditions, type)?.reason;

describe("a tenant's status", () => {
  it('says where it is served, from what, and that it is Ready, when all steps are in sync', () => {
    const status = statusOf(aTenant(), allDone);
    expect(status).toMatchObject({
      observedGeneration: 1,
      phase: 'Ready',
      organizationId: 42,
      url: 'https://my-studio.platform.com',
      database: { server: 'main', host: 'main.example', port: 5432, name: 'studio_42_db', oid: 16_412 },
      credentials: { secretName: 'my-studio-database', username: 'studio_42_db', generation: 1 },
    });
    expect(status.conditions?.map(({ type, status: value }) => `${type}=${value}`)).toEqual([
      'Ready=True',
      'Reconciling=False',
      'Stalled=False',
      'Registered=True',
      'CredentialsReady=True',
      'DatabaseReady=True',
      'SchemaReady=True',
      'SubscriptionReady=True',
      'Routed=True',
    ]);
    expect(status.lastError).toBeUndefined();
  });

  it('does not change when nothing has changed, whatever the time', () => {
    const first = statusOf(aTenant(), allDone);
    expect(statusOf(aTenant({ status: first }), allDone, '2026-03-01T00:00:00Z')).toEqual(first);
  });

  it('takes a condition from the first of its steps that is not in sync', () => {
    const database: StepOutcome = {
      step: 'Database',
      condition: 'DatabaseReady',
      verdict: { kind: 'failed', reason: 'DatabaseLost', message: 'gone', blocks: true },
    };
    const status = statusOf(aTenant(), { problem: undefined, steps: [...allDone.steps.slice(0, 3), database] });
    expect(findCondition(status.conditions, 'DatabaseReady')).toMatchObject({ status: 'False', reason: 'DatabaseLost' });
    expect(findCondition(status.conditions, 'SchemaReady')).toMatchObject({ status: 'Unknown', message: 'Waiting for DatabaseReady' });
    expect(status).toMatchObject({ phase: 'Degraded', lastError: { step: 'Database', reason: 'DatabaseLost', attempts: 1 } });
  });

  it('keeps a served tenant Ready, and its facts, while the master database is away', () => {
    const before = statusOf(aTenant(), allDone);
    const status = tenantStatus({
      tenant: aTenant({ status: before }),
      outcome: away,
      organization: undefined,
      config,
      now: '2026-02-01T01:00:00Z',
      report: { releasedClaims: [] },
    });
    expect(status).toMatchObject({
      phase: 'Ready',
      organizationId: 42,
      database: before.database,
      lastError: { reason: 'MasterUnavailable' },
    });
    expect(reasonOf(status, 'Ready')).toBe('InSync');
    expect(reasonOf(status, 'Reconciling')).toBe('MasterUnavailable');
    expect(reasonOf(status, 'Routed')).toBe('InSync');
  });

  it('counts the attempts of an error that is tried again, and forgets it when all is well', () => {
    const once = statusOf(aTenant(), away);
    const twice = statusOf(aTenant({ status: once }), away);
    expect(twice.lastError?.attempts).toBe(2);
    expect(statusOf(aTenant({ status: twice }), allDone).lastError).toBeUndefined();
  });

  it('says that it is paused without taking Ready away', () => {
    const ready = aTenant({ status: statusOf(aTenant(), allDone) });
    const paused = pausedStatus(ready, '2026-02-02T00:00:00Z');
    expect([reasonOf(paused, 'Ready'), reasonOf(paused, 'Reconciling'), reasonOf(paused, 'Stalled')]).toEqual([
      'InSync',
      'Paused',
      'Paused',
    ]);
    const unseen = aTenant({ status: { observedGeneration: -1 } });
    expect(findCondition(pausedStatus(unseen, '2026-02-02T00:00:00Z').conditions, 'Stalled')?.status).toBe('True');
    // It speaks of the object as it is; with -1 tools would go on waiting for a first look.
    expect(pausedStatus(unseen, '2026-02-02T00:00:00Z').observedGeneration).toBe(1);
    expect(pausedStatus({ ...ready, metadata: { ...ready.metadata, generation: 2 } }, '2026-02-02T00:00:00Z').observedGeneration).toBe(1);
  });
});
