// The life of one pod, in the order in which a scheduler and a kubelet would see to it: bound, prepared, running, ended, deleted.
// Separate from the pod runner, which only hands out what the API server tells.

import { rm } from 'node:fs/promises';
import type { V1Pod, V1PodStatus } from '@kubernetes/client-node';
import type { Policy } from './behaviour.ts';
import { logTail, startContainerProcess, type ContainerProcess } from './container-process.ts';
import type { Images } from './images.ts';
import type { PodApi } from './pod-api.ts';
import {
  neverStartedStatus,
  restartingStatus,
  runningStatus,
  terminatedStatus,
  unschedulableStatus,
  waitingStatus,
  type Run,
  type Termination,
} from './pod-status.ts';
import { followReadiness } from './readiness.ts';
import { prepareContainer, type PreparedContainer, type Waiting } from './prepare-container.ts';

export interface PodWorkerOptions {
  readonly api: PodApi;
  readonly images: Images;
  readonly policy: Policy;
  /** For this pod's volumes and log alone. */
  readonly directory: string;
}

const PREPARE_AGAIN_MS = 500;
const RESTART_MS = 500;
const RESTART_MAX_MS = 10_000;
const DEFAULT_GRACE_SECONDS = 30;

interface Ending {
  readonly graceMs: number;
  /** Set when the kubelet ends the pod: its deadline. */
  readonly because?: { readonly reason: string; readonly message: string };
}

export class PodWorker {
  readonly #options: PodWorkerOptions;
  readonly #ending = Promise.withResolvers<Ending>();
  /** The pod was deleted. A deadline ends its process and keeps the pod, with its log. */
  readonly #release = Promise.withResolvers<void>();
  #pod: V1Pod;
  #isEnding = false;
  #isGone = false;

  constructor(pod: V1Pod, options: PodWorkerOptions) {
    this.#pod = pod;
    this.#options = options;
  }

  /** A newer state of the pod. Only its deletion makes a difference. */
  update(pod: V1Pod): void {
    this.#pod = pod;
    if (pod.metadata?.deletionTimestamp === undefined) return;
    this.#release.resolve();
    this.#end({ graceMs: (pod.metadata.deletionGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000 });
  }

  /** The pod exists no more, or the pod runner stops: nothing to report, and no time to lose. */
  abandon(): void {
    this.#isGone = true;
    this.#release.resolve();
    this.#end({ graceMs: 0 });
  }

  /** Resolves when nothing of the pod runs any more and, if it was deleted, that is confirmed. */
  async run(): Promise<void> {
    try {
      await this.#live();
      // A pod that has ended stays until somebody deletes it.
      await this.#release.promise;
      if (!this.#isGone) await this.#options.api.confirmDeletion(this.#pod);
    } finally {
      await rm(this.#options.directory, { recursive: true, force: true });
    }
  }

  async #live(): Promise<void> {
    if (isTerminal(this.#pod)) return;
    // Whoever ran it before us is gone, and its process with it.
    if (this.#pod.status?.phase === 'Running') return await this.#lost();
    const behaviour = this.#options.policy(this.#pod);
    if (behaviour.kind === 'unschedulable') return await this.#report(unschedulableStatus(behaviour.message, new Date()));
    if (this.#pod.spec?.nodeName === undefined) await this.#options.api.bind(this.#pod);
    const deadline = this.#startDeadline();
    try {
      const prepared = await this.#prepare(behaviour);
      if (prepared === undefined) await this.#endedBeforeStart();
      else await this.#runProcess(prepared);
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Tries until the container can be started; undefined when the pod was ended before. */
  async #prepare(behaviour: ReturnType<Policy>): Promise<PreparedContainer | undefined> {
    let told = '';
    for (let attempt = 1; !this.#isEnding; attempt += 1) {
      const outcome = await prepareContainer(this.#pod, { ...this.#options, behaviour, attempt });
      if ('commandLine' in outcome) return outcome;
      if (JSON.stringify(outcome) !== told) await this.#report(waitingStatus(this.#pod, outcome, new Date()));
      told = JSON.stringify(outcome satisfies Waiting);
      await Promise.race([this.#ending.promise, sleep(PREPARE_AGAIN_MS)]);
    }
    return undefined;
  }

  /** Once, or again and again until the pod is to end. */
  async #runProcess(prepared: PreparedContainer): Promise<void> {
    let last: Termination | undefined;
    for (let restarts = 0; ; restarts += 1) {
      const { termination, ending } = await this.#runOnce(prepared, { restarts, last });
      last = termination;
      if (ending !== undefined || this.#pod.spec?.restartPolicy !== 'Always') {
        return await this.#report(terminatedStatus(this.#pod, termination, ending?.because));
      }
      await this.#report(restartingStatus(this.#pod, restarts + 1, termination));
      const backOffMs = Math.min(RESTART_MS * 2 ** restarts, RESTART_MAX_MS);
      if ((await Promise.race([this.#ending.promise, sleep(backOffMs)])) !== undefined) return await this.#endedBeforeStart();
    }
  }

  async #runOnce(
    prepared: PreparedContainer,
    before: Pick<Run, 'restarts' | 'last'>,
  ): Promise<{ termination: Termination; ending: Ending | undefined }> {
    const startedAt = new Date();
    const running = startContainerProcess(prepared);
    const tell = async (ready: boolean): Promise<void> => await this.#report(runningStatus(this.#pod, { startedAt, ready, ...before }));
    const { probe } = prepared;
    await tell(probe === undefined);
    const ended = new AbortController();
    const following = probe === undefined ? undefined : followReadiness(probe, tell, ended.signal);
    const ending = await Promise.race([running.ended.then(() => undefined), this.#ending.promise]);
    if (ending !== undefined) await endProcess(running, ending.graceMs);
    const exitCode = await running.ended;
    ended.abort();
    await following;
    // The log goes with the pod: its tail is all that stays, as with FallbackToLogsOnError on a real node.
    const message = prepared.messageFromLog && exitCode !== 0 ? await logTail(prepared.logFile) : '';
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    return { termination: { exitCode, reason, startedAt, finishedAt: new Date(), ...(message === '' ? {} : { message }) }, ending };
  }

  async #endedBeforeStart(): Promise<void> {
    const { because } = await this.#ending.promise;
    await this.#report(neverStartedStatus(this.#pod, because, new Date()));
  }

  async #lost(): Promise<void> {
    const now = new Date();
    const message = 'The container could not be located when the pod was terminated';
    await this.#report(
      terminatedStatus(this.#pod, { exitCode: 137, reason: 'ContainerStatusUnknown', message, startedAt: now, finishedAt: now }),
    );
  }

  async #report(status: V1PodStatus): Promise<void> {
    if (!this.#isGone) await this.#options.api.writeStatus(this.#pod, status);
  }

  #end(ending: Ending): void {
    this.#isEnding = true;
    this.#ending.resolve(ending);
  }

  #startDeadline(): NodeJS.Timeout | undefined {
    const seconds = this.#pod.spec?.activeDeadlineSeconds;
    if (seconds === undefined) return undefined;
    const startedMs = new Date(this.#pod.status?.startTime ?? Date.now()).getTime();
    const because = { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' };
    const graceMs = (this.#pod.spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000;
    return setTimeout(() => this.#end({ graceMs, because }), startedMs + seconds * 1000 - Date.now());
  }
}

const isTerminal = (pod: V1Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

const sleep = async (milliseconds: number): Promise<void> => await new Promise((resolve) => setTimeout(resolve, milliseconds));

const endProcess = async (running: ContainerProcess, graceMs: number): Promise<void> => {
  if (graceMs > 0) running.signal('SIGTERM');
  const timer = setTimeout(() => running.signal('SIGKILL'), graceMs);
  await running.ended.finally(() => clearTimeout(timer));
};
