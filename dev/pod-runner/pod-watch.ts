// Keeps telling what pods there are, for as long as it is asked to: list, watch, and list again whenever the watch ends. Separate from
// the pod runner because it is all about the connection, and that must never give up.

import { CoreV1Api, Watch, type KubeConfig, type V1Pod } from '@kubernetes/client-node';

export interface PodEvents {
  /** A pod as it is now; the same state may be told more than once. */
  seen(pod: V1Pod): void;
  /** After every list, with the uids of all pods that exist: whatever else is known is gone. */
  listed(uids: ReadonlySet<string>): void;
  gone(uid: string): void;
}

const RETRY_MS = 200;
// The server ends the watch after this time, so that a connection that died without a word does not last.
const WATCH_SECONDS = 240;

/** Runs until the signal; connection errors mean another round. */
export const watchPods = async (config: KubeConfig, events: PodEvents, signal: AbortSignal): Promise<void> => {
  const core = config.makeApiClient(CoreV1Api);
  while (!signal.aborted) {
    try {
      const list = await core.listPodForAllNamespaces();
      events.listed(new Set(list.items.map((pod) => pod.metadata?.uid ?? '')));
      for (const pod of list.items) events.seen(pod);
      await watchFrom(list.metadata?.resourceVersion ?? '', { config, events, signal });
    } catch {
      // The API server is away or too slow; the next list will tell all that was missed.
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
};

interface WatchOptions {
  readonly config: KubeConfig;
  readonly events: PodEvents;
  readonly signal: AbortSignal;
}

const watchFrom = async (resourceVersion: string, { config, events, signal }: WatchOptions): Promise<void> => {
  const query = { resourceVersion, timeoutSeconds: WATCH_SECONDS };
  await new Promise<void>((resolve, reject) => {
    const onEvent = (phase: string, pod: V1Pod): void => {
      if (phase === 'DELETED') events.gone(pod.metadata?.uid ?? '');
      else if (phase === 'ADDED' || phase === 'MODIFIED') events.seen(pod);
    };
    const stopWith = (controller: AbortController): void => {
      if (signal.aborted) controller.abort();
      else signal.addEventListener('abort', () => controller.abort(), { once: true });
    };
    new Watch(config).watch('/api/v1/pods', query, onEvent, () => resolve()).then(stopWith, reject);
  });
};
