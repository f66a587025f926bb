/**
 * What to do about a tenant's schema. Pure: from its Jobs, its target and what is recorded. Separate from reading and
 * writing, so that every situation is a value in a test.
 */
import { ANNOTATION } from '../api/annotations.ts';
import type { SchemaRelease } from '../api/schema-release.ts';
import type { MigrationRun } from '../desired/migration-run.ts';
import type { StartProblem } from '../desired/migration-start.ts';
import type { Target } from '../desired/rollout.ts';
import type { Refused, Slots } from './schema-fleet.ts';
import type { Failed, InSync, Verdict, Waiting } from './step.ts';

export interface SchemaObserved {
  readonly nowMs: number;
  /** What the master database says the schema is at. */
  readonly recorded: { readonly release: string; readonly version: number } | undefined;
  readonly target: Target;
  /** What an attempt at the target is called now; undefined where there is no release. */
  readonly attemptKey: string | undefined;
  /** The tenant's migrations, oldest first. */
  readonly runs: readonly MigrationRun[];
  readonly suspended: boolean;
  /** Was suspended until now: releases that waited run before traffic does. */
  readonly resuming: boolean;
  /** Has served before: goes on with what it has. */
  readonly served: boolean;
  readonly server: string;
  readonly slots: Slots;
  /** The API server would not have the Job a moment ago. */
  readonly refused: Refused | undefined;
  /** A migrator login is left on the server although no migration runs; looked at then only. */
  readonly leftover: { readonly workingPods: number } | undefined;
  /** Why the running Job's pod is not at work. */
  readonly problem: StartProblem | undefined;
}

export type SchemaChange =
  /** A migration has succeeded. */
  | { readonly kind: 'record'; readonly run: MigrationRun }
  /** Jobs that nobody needs any more. */
  | { readonly kind: 'prune'; readonly runs: readonly MigrationRun[] }
  /** A migration has failed: find out why while its pods are there. */
  | { readonly kind: 'explain'; readonly run: MigrationRun }
  /** No migration runs: its login and Secret go. */
  | { readonly kind: 'clean' }
  | { readonly kind: 'start'; readonly release: SchemaRelease; readonly number: number };

type Release = Extract<Target, { readonly kind: 'release' }>;

const SECOND_MS = 1_000;
/** A pod is given this long before it is asked what keeps it. */
const POD_PATIENCE_MS = 5 * SECOND_MS;
const STOPPING_MS = 2 * SECOND_MS;
/** A running Job wakes its tenant when it ends; this is for the case that nobody heard it. */
const RUNNING_MS = 60 * SECOND_MS;
const PROBLEM_MS = 15 * SECOND_MS;
/** Whoever waits for a slot is woken when one is free; see above. */
const SLOT_MS = 300 * SECOND_MS;
const FIRST_RETRY_MS = 5 * SECOND_MS;
const LONGEST_RETRY_MS = 300 * SECOND_MS;

export function decideSchema(observed: SchemaObserved): Verdict<SchemaChange> {
  return succeeded(observed) ?? atWork(observed) ?? untidy(observed) ?? towardsTarget(observed);
}

/** Its pod has had time enough to be asked what keeps it. */
export function isSlowToStart(run: MigrationRun, nowMs: number): boolean {
  return !run.ready && nowMs - run.createdAtMs >= POD_PATIENCE_MS;
}

export function isAtWork(run: MigrationRun): boolean {
  return run.phase === 'running';
}

function succeeded({ runs, recorded }: SchemaObserved): Verdict<SchemaChange> | undefined {
  const run = runs.findLast(({ phase, release }) => phase === 'succeeded' && release.version > (recorded?.version ?? 0));
  return run === undefined ? undefined : change({ kind: 'record', run });
}

/** Whatever is wanted by now: a migration is never interrupted for something newer. */
function atWork(observed: SchemaObserved): Waiting | undefined {
  const run = observed.runs.find(isAtWork);
  if (run === undefined) return undefined;
  const doing = `bringing the schema to ${run.release.name} (version ${run.release.version}) by Job ${run.name}`;
  if (run.deleting)
    return wait(observed, { reason: 'MigrationStopping', message: `The Job ${run.name} is being deleted`, retryAfterMs: STOPPING_MS });
  if (observed.problem !== undefined) {
    const message = `Still ${doing}, whose pod is not at work. ${observed.problem.message}`;
    return wait(observed, { reason: 'MigrationNotStarting', message, retryAfterMs: PROBLEM_MS });
  }
  const retryAfterMs = run.ready ? RUNNING_MS : POD_PATIENCE_MS;
  return wait(observed, { reason: 'Migrating', message: `Now ${doing}`, retryAfterMs });
}

/** What earlier migrations have left. */
function untidy(observed: SchemaObserved): Verdict<SchemaChange> | undefined {
  const { runs, leftover } = observed;
  const old = outdated(runs);
  if (old.length > 0) return change({ kind: 'prune', runs: old });
  const unexplained = runs.findLast(({ phase, outcome }) => phase === 'failed' && outcome === undefined);
  if (unexplained !== undefined) return change({ kind: 'explain', run: unexplained });
  if (leftover === undefined) return undefined;
  if (leftover.workingPods === 0) return change({ kind: 'clean' });
  const message = 'The pod of a deleted migration Job is still at work; nothing else starts before it has ended';
  return wait(observed, { reason: 'MigrationStopping', message, retryAfterMs: STOPPING_MS });
}

/** All but the newest, and the last failed one while nothing has succeeded since. */
function outdated(runs: readonly MigrationRun[]): readonly MigrationRun[] {
  const finished = runs.filter((run) => !isAtWork(run));
  const newest = finished.at(-1);
  return finished.filter((run) => run !== newest && !run.deleting);
}

function towardsTarget(observed: SchemaObserved): Verdict<SchemaChange> {
  const { target, recorded } = observed;
  if (target.kind === 'none')
    return { kind: 'inSync', reason: 'NoRelease', message: 'There is no SchemaRelease: the schema is left to the application' };
  if (target.kind === 'notFound') return notFound(observed, target);
  const { name } = target.release.metadata;
  const { version } = target.release.spec;
  if (recorded === undefined || recorded.version < version) return behind(observed, target);
  if (recorded.version === version) return { kind: 'inSync', message: `At ${recorded.release} (version ${version})` };
  const message = `At version ${recorded.version}, ahead of ${name} (version ${version}): a schema is never taken back`;
  return { kind: 'inSync', reason: 'AheadOfRelease', message };
}

function notFound(observed: SchemaObserved, { name, duplicate }: Extract<Target, { readonly kind: 'notFound' }>): Waiting {
  const message = duplicate
    ? `The SchemaRelease "${name}" is ignored, because an older one has the same version`
    : `There is no SchemaRelease "${name}"; create it, or change spec.release`;
  return wait(observed, { reason: 'ReleaseNotFound', message });
}

function behind(observed: SchemaObserved, target: Release): Verdict<SchemaChange> {
  const toTarget = observed.runs.filter((run) => run.release.uid === target.release.metadata.uid);
  const sameAttempt = toTarget.findLast((run) => run.attemptKey === observed.attemptKey);
  // While nothing may start, a failure stays what it is: asking for another attempt does not undo it.
  const last = target.held === undefined ? sameAttempt : toTarget.at(-1);
  if (last?.phase === 'failed' && last.outcome?.transient === false) return failed(observed, last);
  if (target.held !== undefined) return held(observed, target);
  if (observed.suspended) return suspended(observed, target);
  if (sameAttempt !== undefined) return tryAgain(observed, target, sameAttempt);
  return start(observed, target, 0);
}

function failed({ served }: SchemaObserved, run: MigrationRun): Failed {
  const { message, sqlState, exitCode } = run.outcome ?? { message: 'unknown' };
  const code = sqlState ?? (exitCode === undefined ? undefined : String(exitCode));
  const advice = `The log: kubectl logs job/${run.name}. Another attempt: mend the cause, then give the annotation ${ANNOTATION.retry} a new value.`;
  return {
    kind: 'failed',
    reason: 'MigrationFailed',
    message: `The migration to ${run.release.name} (version ${run.release.version}) failed. ${endSentence(message)} ${advice}`,
    blocks: !served,
    ...(code === undefined ? {} : { code }),
  };
}

/** An unpinned tenant that has served has no claim to a release that is held: the last good one is its target. */
function held(observed: SchemaObserved, { release, held: by, pinned }: Release): InSync | Waiting {
  const { name } = release.metadata;
  const why =
    by === 'paused'
      ? `${name} is paused`
      : `Too many tenants failed on ${name}, so that no new migration to it starts until it is given a new ${ANNOTATION.retry}`;
  if (!pinned && observed.served) return { kind: 'inSync', message: endSentence(why) };
  return wait(observed, { reason: by === 'paused' ? 'ReleasePaused' : 'RolloutHalted', message: endSentence(why) });
}

function suspended({ recorded }: SchemaObserved, { release }: Release): InSync {
  const at = recorded === undefined ? 'No schema yet' : `At ${recorded.release} (version ${recorded.version})`;
  return {
    kind: 'inSync',
    reason: 'Suspended',
    message: `${at}; ${release.metadata.name} (version ${release.spec.version}) waits until the tenant is resumed`,
  };
}

/** After a cause that may go away by itself: 5 s, 10 s, 20 s ... 5 min after the last attempt ended. */
function tryAgain(observed: SchemaObserved, target: Release, last: MigrationRun): Verdict<SchemaChange> {
  const pause = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(last.attempt, 10));
  const left = (last.finishedAtMs ?? last.createdAtMs) + pause - observed.nowMs;
  if (left <= 0) return start(observed, target, last.attempt + 1);
  const message = `Attempt ${last.attempt + 1} at ${target.release.metadata.name} could not be made. ${endSentence(last.outcome?.message ?? '')} The next follows by itself`;
  return wait(observed, { reason: 'MigrationRetrying', message, retryAfterMs: left });
}

function start(observed: SchemaObserved, { release }: Release, number: number): Verdict<SchemaChange> {
  const { slots, refused, nowMs } = observed;
  const { running, limit } = slots;
  if (refused !== undefined) {
    const message = `The API server refuses the migration Job: ${endSentence(refused.message)} Tried again until it is allowed.`;
    return wait(observed, { reason: 'MigrationRefused', message, retryAfterMs: refused.untilMs - nowMs });
  }
  if (running < limit) return change({ kind: 'start', release, number });
  const message = `Waiting for a migration slot on server ${observed.server}: ${running} of ${limit} are taken`;
  return wait(observed, { reason: 'WaitingForSlot', message, retryAfterMs: SLOT_MS });
}

function wait(
  { served, resuming }: SchemaObserved,
  what: Pick<Waiting, 'reason' | 'message'> & { readonly retryAfterMs?: number },
): Waiting {
  return { kind: 'waiting', blocks: !served || resuming, ...what };
}

function change(what: SchemaChange): Verdict<SchemaChange> {
  return { kind: 'outOfSync', change: what };
}

function endSentence(text: string): string {
  return text === '' || /[.!?]$/.test(text) ? text : `${text}.`;
}
