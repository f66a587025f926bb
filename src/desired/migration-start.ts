/**
 * Why the pod of a running migration Job is not at work yet. Pure. Separate from how a migration failed: nothing has
 * failed here, and most of it goes away by itself or once somebody has mended the cluster.
 */
import type { KubernetesObject } from '../api/object-meta.ts';
import { masked } from './masking.ts';
import { containerOf, type Pod } from './migration-outcome.ts';

/** The parts of an Event that count. */
export interface ClusterEvent extends KubernetesObject {
  readonly reason?: string;
  readonly message?: string;
  readonly type?: string;
  readonly lastTimestamp?: string | null;
}

export interface StartProblem {
  /** CamelCase, Kubernetes' own word where it has one. */
  readonly reason: string;
  readonly message: string;
}

/** Reasons of a waiting container that every pod passes through. */
const ON_ITS_WAY = new Set(['ContainerCreating', 'PodInitializing']);

/**
 * @param events the Job's own, of any type; they tell why it has no pod (quota, admission)
 */
export function startProblem(pods: readonly Pod[], events: readonly ClusterEvent[]): StartProblem | undefined {
  const pod = pods.find(({ status }) => status?.phase !== 'Failed' && status?.phase !== 'Succeeded');
  if (pod === undefined) return ofEvents(events) ?? betweenAttempts(pods);
  return waiting(pod) ?? unschedulable(pod);
}

function waiting(pod: Pod): StartProblem | undefined {
  const state = containerOf(pod)?.state?.waiting;
  if (state?.reason === undefined || ON_ITS_WAY.has(state.reason)) return undefined;
  return { reason: state.reason, message: sentence(state.reason, state.message) };
}

function unschedulable(pod: Pod): StartProblem | undefined {
  const scheduled = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  if (scheduled === undefined) return undefined;
  const reason = scheduled.reason ?? 'Unschedulable';
  return { reason, message: sentence(reason, scheduled.message) };
}

/** The Job controller tells why it could not make a pod in an Event, and nowhere else. */
function ofEvents(events: readonly ClusterEvent[]): StartProblem | undefined {
  const newest = events
    .filter(({ reason }) => reason === 'FailedCreate')
    .toSorted((a, b) => (a.lastTimestamp ?? '').localeCompare(b.lastTimestamp ?? ''))
    .at(-1);
  return newest === undefined ? undefined : { reason: 'FailedCreate', message: sentence('FailedCreate', newest.message) };
}

/** Kubernetes waits longer and longer between the pods of a Job. */
function betweenAttempts(pods: readonly Pod[]): StartProblem | undefined {
  const terminated = pods.map((pod) => containerOf(pod)?.state?.terminated).findLast((state) => state !== undefined);
  if (terminated === undefined) return undefined;
  return { reason: 'BackOff', message: `The last pod ended with exit code ${terminated.exitCode}; Kubernetes starts another` };
}

function sentence(reason: string, message: string | undefined): string {
  return message === undefined || message === '' ? reason : `${reason}: ${masked(message).slice(0, 500)}`;
}
