/**
 * What one migration Job tells about one tenant's migration. Pure. Separate from the builder, because a Job outlives the
 * release and the operator that made it: what counts is what stands on the Job.
 */
import { LABELS } from '../api/group.ts';
import { keyOf, type KubernetesObject } from '../api/object-meta.ts';
import { STUDIO_TENANT } from '../api/resources.ts';
import { JOB_ANNOTATION, MIGRATION_COMPONENT, SERVER_LABEL } from './migration-keys.ts';
import { parseOutcome, type MigrationOutcome } from './migration-outcome.ts';

/** The parts of a Job that count; a trimmed cache must keep them, and metadata. */
export interface Job extends KubernetesObject {
  readonly status?: {
    readonly active?: number;
    readonly ready?: number;
    readonly startTime?: string;
    readonly conditions?: readonly JobCondition[];
  };
}

export interface JobCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface MigrationRun {
  /** namespace/name of the Job. */
  readonly key: string;
  readonly name: string;
  readonly uid: string;
  /** uid of the tenant, and its namespace/name. */
  readonly tenantUid: string;
  readonly tenantKey: string;
  readonly server: string;
  readonly release: { readonly name: string; readonly uid: string; readonly version: number };
  readonly attemptKey: string;
  readonly attempt: number;
  /** Values of the retry annotations that it was made under. */
  readonly tenantRetry: string;
  readonly releaseRetry: string;
  readonly phase: 'running' | 'succeeded' | 'failed';
  /** Being deleted: its pods may still be at work. */
  readonly deleting: boolean;
  /** A container of it is at work. */
  readonly ready: boolean;
  /** It has a pod, at work or not. */
  readonly active: boolean;
  readonly createdAtMs: number;
  /** Of a finished one. */
  readonly finishedAtMs: number | undefined;
  /** Why it failed; undefined until somebody has looked at its pods. */
  readonly outcome: MigrationOutcome | undefined;
  /** What the Job controller says about a failed one. */
  readonly condition: JobCondition | undefined;
}

/** Undefined for a Job that is no tenant's migration. */
export function migrationRun(job: Job): MigrationRun | undefined {
  const { name, uid, namespace = '', labels = {}, ownerReferences = [] } = job.metadata;
  const owner = ownerReferences.find(({ kind, controller }) => controller === true && kind === STUDIO_TENANT.kind);
  if (labels[LABELS.component] !== MIGRATION_COMPONENT || owner === undefined) return undefined;
  const notes = notesOn(job);
  if (!Number.isInteger(notes.version) || !Number.isInteger(notes.attempt)) return undefined;
  const { releaseUid, version, ...attempt } = notes;
  return {
    key: keyOf(job),
    name,
    uid,
    tenantUid: owner.uid,
    tenantKey: `${namespace}/${owner.name}`,
    server: labels[SERVER_LABEL] ?? '',
    release: { name: labels[LABELS.release] ?? '', uid: releaseUid, version },
    ...attempt,
    ...progress(job),
    ...ending(job),
  };
}

function notesOn({ metadata: { annotations = {} } }: Job) {
  const text = (key: string): string => annotations[key] ?? '';
  return {
    releaseUid: text(JOB_ANNOTATION.releaseUid),
    version: Number.parseInt(text(JOB_ANNOTATION.releaseVersion), 10),
    attemptKey: text(JOB_ANNOTATION.attemptKey),
    attempt: Number.parseInt(text(JOB_ANNOTATION.attempt), 10),
    tenantRetry: text(JOB_ANNOTATION.tenantRetry),
    releaseRetry: text(JOB_ANNOTATION.releaseRetry),
    outcome: parseOutcome(annotations[JOB_ANNOTATION.outcome]),
  };
}

function progress({ metadata, status = {} }: Job) {
  return {
    deleting: metadata.deletionTimestamp !== undefined,
    ready: (status.ready ?? 0) > 0,
    active: (status.active ?? 0) > 0,
    createdAtMs: Date.parse(metadata.creationTimestamp),
  };
}

/** Complete or Failed are set once no pod of the Job is left at work; the Job's counters say less. */
function ending({ status = {} }: Job) {
  const finished = status.conditions?.find(({ type, status: is }) => is === 'True' && (type === 'Complete' || type === 'Failed'));
  const at = finished?.lastTransitionTime;
  return {
    phase: phaseOf(finished?.type),
    finishedAtMs: at === undefined ? undefined : Date.parse(at),
    condition: finished?.type === 'Failed' ? finished : undefined,
  };
}

function phaseOf(finished: string | undefined): MigrationRun['phase'] {
  if (finished === undefined) return 'running';
  return finished === 'Complete' ? 'succeeded' : 'failed';
}

/** Oldest first. Creation times have seconds only, so attempts at the same thing are told apart by their number. */
export function byAge(a: MigrationRun, b: MigrationRun): number {
  return a.createdAtMs - b.createdAtMs || a.attempt - b.attempt;
}
