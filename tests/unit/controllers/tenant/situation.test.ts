import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Outcome, Problem, StepOutcome } from '../../../../src/controllers/tenant/outcome.ts';
import { type Before, type Circumstances, situationOf } from '../../../../src/controllers/tenant/situation.ts';
import type { Settled } from '../../../../src/steps/step.ts';

const inSync: Settled = { kind: 'inSync' };
const waiting = (blocks: boolean): Settled => ({ kind: 'waiting', reason: 'PlanNotFound', message: 'no plan', blocks });
const failed = (blocks: boolean): Settled => ({ kind: 'failed', reason: 'SubdomainTaken', message: 'taken', blocks });

const step = (verdict: Settled, name: StepOutcome['step'] = 'Organization'): StepOutcome => ({
  step: name,
  condition: 'Registered',
  verdict,
});

const never: Before = { ready: undefined, phase: undefined, served: false };
const served: Before = { ready: { status: 'True', reason: 'InSync', message: 'Serving' }, phase: 'Ready', served: true };
const degraded: Before = { ready: { status: 'False', reason: 'ServerUnavailable', message: '' }, phase: 'Degraded', served: true };

const problem = (stopsServing: boolean): Problem => ({
  step: 'Roles',
  condition: 'DatabaseReady',
  reason: stopsServing ? 'ServerUnavailable' : 'MasterUnavailable',
  message: 'away',
  code: undefined,
  stopsServing,
  error: new Error('away'),
});

function situation(outcome: Partial<Outcome>, before: Before, suspended?: string) {
  const circumstances: Circumstances = { outcome: { steps: [], problem: undefined, ...outcome }, before, suspended, url: 'https://a.b' };
  const { phase, ready, reconciling, stalled } = situationOf(circumstances);
  return [phase, ready.status, reconciling.status, stalled.status];
}

describe('the table of situations', () => {
  it('is Pending and Reconciling before an organization exists and something may still come', () => {
    expect(situation({ steps: [step(waiting(true))] }, never)).toEqual(['Pending', 'False', 'True', 'False']);
  });

  it('is Provisioning once the organization exists', () => {
    expect(situation({ steps: [step(waiting(true), 'Schema')] }, never)).toEqual(['Provisioning', 'False', 'True', 'False']);
  });

  it('is Failed and Stalled when a tenant that was never served needs a person', () => {
    expect(situation({ steps: [step(failed(true))] }, never)).toEqual(['Failed', 'False', 'False', 'True']);
  });

  it('is Ready when all is as asked', () => {
    expect(situation({ steps: [step(inSync)] }, never)).toEqual(['Ready', 'True', 'False', 'False']);
  });

  it('stays Ready while a change comes in', () => {
    expect(situation({ steps: [step(waiting(false))] }, served)).toEqual(['Ready', 'True', 'True', 'False']);
  });

  it('is Upgrading, and Ready, while a newer schema comes in', () => {
    expect(situation({ steps: [step(waiting(false), 'Schema')] }, served)).toEqual(['Upgrading', 'True', 'True', 'False']);
  });

  it('is Degraded, Ready and Stalled when the newest change failed for good', () => {
    expect(situation({ steps: [step(failed(false))] }, served)).toEqual(['Degraded', 'True', 'False', 'True']);
  });

  it('is Degraded and not Ready when a tenant that was served cannot be now', () => {
    expect(situation({ steps: [step(waiting(true))] }, served)).toEqual(['Degraded', 'False', 'True', 'False']);
    expect(situation({ steps: [step(failed(true))] }, served)).toEqual(['Degraded', 'False', 'False', 'True']);
  });

  it('is Suspended and Ready when suspended', () => {
    expect(situation({ steps: [step(inSync)] }, served, 'unpaid')).toEqual(['Suspended', 'True', 'False', 'False']);
  });

  it('keeps a served tenant Ready while the master database or the API server is away', () => {
    expect(situation({ problem: problem(false) }, served)).toEqual(['Ready', 'True', 'True', 'False']);
  });

  it("takes Ready away while the tenant's own server is away", () => {
    expect(situation({ problem: problem(true) }, served)).toEqual(['Degraded', 'False', 'True', 'False']);
  });

  it('never makes a tenant Ready by an error', () => {
    expect(situation({ problem: problem(false) }, degraded)).toEqual(['Degraded', 'False', 'True', 'False']);
    expect(situation({ problem: problem(false) }, never)).toEqual(['Provisioning', 'False', 'True', 'False']);
  });

  it('always has one of Ready, Reconciling and Stalled true, and never Reconciling with Stalled', () => {
    const verdicts = fc.constantFrom(inSync, waiting(true), waiting(false), failed(true), failed(false));
    const names = fc.constantFrom('Organization', 'Credentials', 'Schema', 'Route');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(verdicts, names), { maxLength: 8 }),
        fc.constantFrom(undefined, problem(true), problem(false)),
        fc.constantFrom(never, served, degraded),
        fc.constantFrom(undefined, 'unpaid'),
        (steps, trouble, before, suspended) => {
          const outcome = { steps: steps.map(([verdict, name]) => step(verdict, name as StepOutcome['step'])), problem: trouble };
          const [, ready, reconciling, stalled] = situation(outcome, before, suspended);
          expect([ready, reconciling, stalled]).toContain('True');
          expect([reconciling, stalled]).not.toEqual(['True', 'True']);
        },
      ),
    );
  });
});
