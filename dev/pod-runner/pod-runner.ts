// Runs the pods of a cluster that has no node: as processes of this machine, by the rules of a kubelet as far as an operator of Jobs can
// tell. Users, security contexts and resource limits are not enforced, and there is one network: for that a real node is needed.

import path from 'node:path';
import type { KubeConfig, V1Pod } from '@kubernetes/client-node';
import { annotatedBehaviour, type Policy } from './behaviour.ts';
import { scratchDirectory } from '../scratch-directory.ts';
import type { Images } from './images.ts';
import { podApi } from './pod-api.ts';
import { watchPods } from './pod-watch.ts';
import { PodWorker } from './pod-worker.ts';

export interface PodRunnerOptions {
  /** An administrator's: the pod runner is a part of the cluster. */
  readonly kubeConfig: KubeConfig;
  readonly images: Images;
  /** Default: the annotation of behaviour.ts. */
  readonly policy?: Policy;
  /** Which namespaces are ours; default all. Two pod runners must never share one. */
  readonly runsNamespace?: (namespace: string) => boolean;
  /** A pod that could not be run for a reason that no kubelet knows. Default: it goes to standard error. */
  readonly onError?: (error: Error) => void;
}

export interface PodRunner extends AsyncDisposable {
  /** Kills what runs and reports nothing more. */
  stop(): Promise<void>;
}

export const startPodRunner = async (options: PodRunnerOptions): Promise<PodRunner> => {
  const directory = await scratchDirectory('studio-pods-');
  const stopping = new AbortController();
  const pods = new RunningPods(options, directory.path, stopping.signal);
  const watching = watchPods(options.kubeConfig, pods, stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await watching;
    await pods.abandonAll();
    await directory.stop();
  };
  return { stop, [Symbol.asyncDispose]: stop };
};

interface Entry {
  readonly worker: PodWorker;
  readonly done: Promise<void>;
}

/** One worker per pod, by uid: a pod that comes again under the same name is another pod. */
class RunningPods {
  readonly #entries = new Map<string, Entry>();
  readonly #options: PodRunnerOptions;
  readonly #directory: string;
  readonly #signal: AbortSignal;

  constructor(options: PodRunnerOptions, directory: string, signal: AbortSignal) {
    this.#options = options;
    this.#directory = directory;
    this.#signal = signal;
  }

  seen(pod: V1Pod): void {
    const { uid = '', namespace = '' } = pod.metadata ?? {};
    if (this.#signal.aborted || this.#options.runsNamespace?.(namespace) === false) return;
    const entry = this.#entries.get(uid) ?? this.#start(uid, pod);
    entry.worker.update(pod);
  }

  gone(uid: string): void {
    this.#entries.get(uid)?.worker.abandon();
  }

  listed(uids: ReadonlySet<string>): void {
    for (const [uid, entry] of this.#entries) if (!uids.has(uid)) entry.worker.abandon();
  }

  async abandonAll(): Promise<void> {
    const entries = [...this.#entries.values()];
    for (const { worker } of entries) worker.abandon();
    await Promise.all(entries.map(async ({ done }) => await done));
  }

  #start(uid: string, pod: V1Pod): Entry {
    const { kubeConfig, images, policy = annotatedBehaviour } = this.#options;
    const directory = path.join(this.#directory, uid);
    const worker = new PodWorker(pod, { api: podApi(kubeConfig, this.#signal), images, policy, directory });
    const done = worker
      .run()
      .catch((cause: unknown) => this.#failed(new Error(`running pod ${pod.metadata?.namespace}/${pod.metadata?.name}`, { cause })))
      .finally(() => this.#entries.delete(uid));
    const entry = { worker, done };
    this.#entries.set(uid, entry);
    return entry;
  }

  #failed(error: Error): void {
    const report = this.#options.onError ?? ((problem) => process.stderr.write(`${problem.message}: ${String(problem.cause)}\n`));
    report(error);
  }
}
