/**
 * The table of situations: from what a pass over the steps came to, which phase a tenant is in and which of
 * Ready, Reconciling and Stalled hold. Pure; separate because this is the part that must never lie.
 */
import { Phase } from '../../api/studio-tenant-status.ts';
import type { Failed, Waiting } from '../../steps/step.ts';
import type { Outcome, Problem, StepOutcome } from './outcome.ts';
import { StepName } from '../../steps/step.ts';

/** A condition's content, without its bookkeeping. */
export interface Statement {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

export interface Situation {
  readonly phase: Phase;
  readonly ready: Statement;
  readonly reconciling: Statement;
  readonly stalled: Statement;
}

export interface Before {
  /** The tenant was Ready when the pass began. */
  readonly ready: Statement | undefined;
  readonly phase: Phase | undefined;
  /** It has been served at some time. */
  readonly served: boolean;
}

export interface Circumstances {
  readonly outcome: Outcome;
  readonly before: Before;
  readonly suspended: string | undefined;
  readonly url: string | undefined;
}

/** At least one of Ready, Reconciling and Stalled comes out True, and never Reconciling and Stalled together. */
export function situationOf(circumstances: Circumstances): Situation {
  const { outcome } = circumstances;
  if (outcome.problem !== undefined) return withProblem(outcome.problem, circumstances);
  const blocking = outcome.steps.find(({ verdict }) => verdict.kind !== 'inSync' && verdict.blocks);
  if (blocking !== undefined) return blocked(blocking, circumstances);
  return served(circumstances);
}

/** The master database or the API server being away, or an error of ours, says nothing about a tenant that is served. */
function withProblem(problem: Problem, { before }: Circumstances): Situation {
  const statement = { reason: problem.reason, message: problem.message };
  const reconciling: Statement = { status: 'True', ...statement };
  if (before.ready?.status === 'True' && !problem.stopsServing) {
    return { phase: before.phase ?? Phase.Ready, ready: before.ready, reconciling, stalled: notStalled };
  }
  const phase = before.served ? Phase.Degraded : startingPhase(problem.step);
  return { phase, ready: { status: 'False', ...statement }, reconciling, stalled: notStalled };
}

function blocked(step: StepOutcome, { before }: Circumstances): Situation {
  const verdict = step.verdict as Waiting | Failed;
  const statement = { reason: verdict.reason, message: verdict.message };
  const ready: Statement = { status: 'False', ...statement };
  if (verdict.kind === 'failed') {
    const phase = before.served ? Phase.Degraded : Phase.Failed;
    return { phase, ready, reconciling: notReconciling, stalled: { status: 'True', ...statement } };
  }
  const phase = before.served ? Phase.Degraded : startingPhase(step.step);
  return { phase, ready, reconciling: { status: 'True', ...statement }, stalled: notStalled };
}

/** Nothing stands in the way of serving; what is left is a change that is coming in, or one that failed. */
function served({ outcome, suspended, url }: Circumstances): Situation {
  const verdicts = outcome.steps.map(({ step, verdict }) => ({ step, verdict }));
  const failed = verdicts.find(({ verdict }) => verdict.kind === 'failed');
  const waiting = verdicts.find(({ verdict }) => verdict.kind === 'waiting');
  const ready: Statement =
    suspended === undefined
      ? { status: 'True', reason: 'InSync', message: `Serving at ${url ?? ''}` }
      : { status: 'True', reason: 'Suspended', message: `Connections are refused, everything is kept: ${suspended}` };
  return {
    phase: servedPhase(suspended !== undefined, failed !== undefined, waiting?.step),
    ready,
    reconciling: failed === undefined && waiting !== undefined ? statementOf(waiting.verdict as Waiting) : notReconciling,
    stalled: failed === undefined ? notStalled : statementOf(failed.verdict as Failed),
  };
}

function servedPhase(suspended: boolean, failed: boolean, waitingFor: StepName | undefined): Phase {
  if (suspended) return Phase.Suspended;
  if (failed) return Phase.Degraded;
  return waitingFor === StepName.Schema ? Phase.Upgrading : Phase.Ready;
}

/** Before there is an organization nothing has been made yet. */
function startingPhase(step: string): Phase {
  return step === StepName.Finalizer || step === StepName.Organization ? Phase.Pending : Phase.Provisioning;
}

const statementOf = ({ reason, message }: Waiting | Failed): Statement => ({ status: 'True', reason, message });

const notReconciling: Statement = { status: 'False', reason: 'Settled', message: 'Nothing is being changed' };
const notStalled: Statement = { status: 'False', reason: 'NotStalled', message: 'Nothing needs a person' };

/** A tenant that is being deleted. */
export function deletingSituation(reason: string, message: string): Situation {
  return {
    phase: Phase.Deleting,
    ready: { status: 'False', reason: 'Deleting', message },
    reconciling: { status: 'True', reason, message },
    stalled: notStalled,
  };
}
