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

export const runningStatus = (pod: V1Pod, startedAt: Date): V1PodStatus =>
  status(pod, { phase: 'Running', state: { running: { startedAt } }, now: startedAt });

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
}

const status = (pod: V1Pod, { phase, state, now, podReason }: Observation): V1PodStatus => {
  const running = phase === 'Running';
  const { name, image = '' } = pod.spec?.containers[0] ?? { name: '' };
  return {
    ...podReason,
    phase,
    hostIP: LOCAL_ADDRESS,
    podIP: LOCAL_ADDRESS,
    podIPs: [{ ip: LOCAL_ADDRESS }],
    startTime: pod.status?.startTime ?? now,
    conditions: conditions(pod, phase, now),
    containerStatuses: [
      {
        name,
        image,
        imageID: state.waiting === undefined ? `local://${image}` : '',
        ready: running,
        started: running,
        restartCount: 0,
        state,
      },
    ],
  };
};

const conditions = (pod: V1Pod, phase: Observation['phase'], now: Date): V1PodCondition[] => {
  const ended = phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed';
  const notReady = phase === 'Pending' ? 'ContainersNotReady' : ended;
  const of = (type: string, isTrue: boolean, reason?: string): V1PodCondition => {
    const condition = isTrue ? 'True' : 'False';
    const before = pod.status?.conditions?.find((candidate) => candidate.type === type);
    const lastTransitionTime = before?.status === condition && before.lastTransitionTime !== undefined ? before.lastTransitionTime : now;
    return { type, status: condition, lastTransitionTime, ...(reason === undefined ? {} : { reason }) };
  };
  return [
    of('PodScheduled', true),
    of('Initialized', true),
    ...['ContainersReady', 'Ready'].map((type) => (phase === 'Running' ? of(type, true) : of(type, false, notReady))),
  ];
};
