// The status that a kubelet would report, as pure values. Separate because the Job controller, the operator and people read nothing
// else of a pod: phase, conditions, reasons and the exit code decide.

import type { V1ContainerState, V1Pod, V1PodCondition, V1PodStatus } from '@kubernetes/client-node';
import { LOCAL_ADDRESS } from './container-environment.ts';

export interface Termination {
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
}

export const unschedulableStatus = (message: string, now: Date): V1PodStatus => ({
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastTransitionTime: now }],
});

export const waitingStatus = (pod: V1Pod, waiting: { readonly reason: string; readonly message?: string }, now: Date): V1PodStatus =>
  status(pod, { phase: 'Pending', state: { waiting }, now });

export interface Run {
  readonly startedAt: Date;
  readonly ready: boolean;
  /** How often the container was started before. */
  readonly restarts: number;
  /** How the run before ended. */
  readonly last: Termination | undefined;
}

export const runningStatus = (pod: V1Pod, { startedAt, ...run }: Run): V1PodStatus =>
  status(pod, { phase: 'Running', state: { running: { startedAt } }, now: new Date(), ...run });

/** Between two runs of a container that is to run for ever. */
export const restartingStatus = (pod: V1Pod, restarts: number, last: Termination): V1PodStatus => {
  const waiting = { reason: 'CrashLoopBackOff', message: 'back-off restarting failed container' };
  return status(pod, { phase: 'Running', state: { waiting }, now: last.finishedAt, ready: false, restarts, last });
};

/** The pod's end. `podReason` is set when the kubelet ended it, e.g. DeadlineExceeded. */
export const terminatedStatus = (
  pod: V1Pod,
  termination: Termination,
  podReason?: { readonly reason: string; readonly message: string },
): V1PodStatus =>
  status(pod, {
    phase: termination.exitCode === 0 && podReason === undefined ? 'Succeeded' : 'Failed',
    state: { terminated: termination },
    now: termination.finishedAt,
    podReason,
  });

/** A pod that ended before its container could be started: there is no exit code to tell. */
export const neverStartedStatus = (
  pod: V1Pod,
  podReason: { readonly reason: string; readonly message: string } | undefined,
  now: Date,
): V1PodStatus => status(pod, { phase: 'Failed', state: { waiting: { reason: 'ContainerCreating' } }, now, podReason });

interface Observation {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly state: V1ContainerState;
  readonly now: Date;
  readonly podReason?: { readonly reason: string; readonly message: string } | undefined;
  readonly ready?: boolean;
  readonly restarts?: number;
  readonly last?: Termination | undefined;
}

const status = (pod: V1Pod, observation: Observation): V1PodStatus => {
  const { phase, state, now, podReason, ready = false, restarts = 0, last } = observation;
  const { name, image = '' } = pod.spec?.containers[0] ?? { name: '' };
  return {
    ...podReason,
    phase,
    hostIP: LOCAL_ADDRESS,
    podIP: LOCAL_ADDRESS,
    podIPs: [{ ip: LOCAL_ADDRESS }],
    startTime: pod.status?.startTime ?? now,
    conditions: conditions(pod, observation),
    containerStatuses: [
      {
        name,
        image,
        imageID: state.waiting === undefined ? `local://${image}` : '',
        ready,
        started: state.running !== undefined,
        restartCount: restarts,
        state,
        ...(last === undefined ? {} : { lastState: { terminated: last } }),
      },
    ],
  };
};

const conditions = (pod: V1Pod, { phase, now, ready = false }: Observation): V1PodCondition[] => {
  const ended = phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed';
  const notReady = phase === 'Pending' || phase === 'Running' ? 'ContainersNotReady' : ended;
  const of = (type: string, isTrue: boolean, reason?: string): V1PodCondition => {
    const condition = isTrue ? 'True' : 'False';
    const before = pod.status?.conditions?.find((candidate) => candidate.type === type);
    const lastTransitionTime = before?.status === condition && before.lastTransitionTime !== undefined ? before.lastTransitionTime : now;
    return { type, status: condition, lastTransitionTime, ...(reason === undefined ? {} : { reason }) };
  };
  return [
    of('PodScheduled', true),
    of('Initialized', true),
    ...['ContainersReady', 'Ready'].map((type) => (ready ? of(type, true) : of(type, false, notReady))),
  ];
};
