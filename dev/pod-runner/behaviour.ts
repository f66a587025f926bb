// What a pod shall do instead of running its command, so that tests and the demo can make pods fail or hang at will. Separate because
// it is the one part of the pod runner that no kubelet has.

import type { V1Pod } from '@kubernetes/client-node';

export type Behaviour =
  | { readonly kind: 'run' }
  /** Ends at once with this exit code and these last words in its log. */
  | { readonly kind: 'fail'; readonly exitCode: number; readonly message: string }
  /** Runs until its deadline or its deletion. */
  | { readonly kind: 'hang' }
  /** No node takes it: stays Pending. */
  | { readonly kind: 'unschedulable'; readonly message: string };

export type Policy = (pod: V1Pod) => Behaviour;

/** On the pod, e.g. through a Job's template: `hang`, `fail: 3 some message`, `unschedulable: some message`. */
export const BEHAVIOUR_ANNOTATION = 'pod-runner.studio-platform.io/behaviour';

export const annotatedBehaviour: Policy = (pod) => {
  const value = pod.metadata?.annotations?.[BEHAVIOUR_ANNOTATION];
  if (value === undefined || value === 'run') return { kind: 'run' };
  if (value === 'hang') return { kind: 'hang' };
  const failing = /^fail: (\d+) ?(.*)$/s.exec(value);
  if (failing !== null) return { kind: 'fail', exitCode: Number(failing[1]), message: failing[2] ?? '' };
  const unschedulable = /^unschedulable: (.*)$/s.exec(value);
  if (unschedulable !== null) return { kind: 'unschedulable', message: unschedulable[1] ?? '' };
  throw new Error(`annotation ${BEHAVIOUR_ANNOTATION}: "${value}" is none of run, hang, fail: CODE MESSAGE, unschedulable: MESSAGE`);
};
