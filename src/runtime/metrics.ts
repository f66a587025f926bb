/*
 * Where the runtime reports numbers. Separate so that it knows no metrics library; the process edge implements these
 * under controller-runtime's names. All are called synchronously and must not throw.
 */
import type { Priority } from './work-queue.ts';

/** controller_runtime_reconcile_total's `result` label. */
export type ReconcileResult = 'success' | 'requeue_after' | 'error';

export interface ControllerMetrics {
  /** controller_runtime_reconcile_total, _reconcile_time_seconds and, for 'error', _reconcile_errors_total. */
  reconcile(controller: string, result: ReconcileResult, seconds: number): void;
  /** controller_runtime_terminal_reconcile_errors_total; `reconcile` is called as well. */
  terminalError(controller: string): void;
  /** controller_runtime_active_workers. */
  activeWorkers(controller: string, count: number): void;
  /** controller_runtime_max_concurrent_reconciles. */
  maxWorkers(controller: string, count: number): void;
}

export interface QueueMetrics {
  /** workqueue_depth, by priority. */
  depth(queue: string, priority: Priority, depth: number): void;
  /** workqueue_adds_total. */
  add(queue: string): void;
  /** workqueue_retries_total. */
  retry(queue: string): void;
  /** workqueue_queue_duration_seconds: from being due to being taken. */
  queued(queue: string, seconds: number): void;
  /** workqueue_work_duration_seconds. */
  worked(queue: string, seconds: number): void;
}

export interface ReflectorMetrics {
  listed(reflector: string, seconds: number, objects: number): void;
  event(reflector: string, type: string): void;
  /** A list or watch ended with an error; `expired` when the server no longer knew our resourceVersion. */
  failed(reflector: string, expired: boolean): void;
  objects(reflector: string, count: number): void;
}

export interface EventMetrics {
  recorded(type: string): void;
  /** Held back by the rate limit, too many waiting to be sent, or not accepted by the API server. */
  dropped(cause: 'rateLimited' | 'queueFull' | 'failed'): void;
}

export interface LeaderMetrics {
  /** leader_election_master_status. */
  leading(lease: string, leading: boolean): void;
}

const nothing = (): void => {};

export const noControllerMetrics: ControllerMetrics = {
  reconcile: nothing,
  terminalError: nothing,
  activeWorkers: nothing,
  maxWorkers: nothing,
};
export const noQueueMetrics: QueueMetrics = {
  depth: nothing,
  add: nothing,
  retry: nothing,
  queued: nothing,
  worked: nothing,
};
export const noReflectorMetrics: ReflectorMetrics = {
  listed: nothing,
  event: nothing,
  failed: nothing,
  objects: nothing,
};
export const noEventMetrics: EventMetrics = { recorded: nothing, dropped: nothing };
export const noLeaderMetrics: LeaderMetrics = { leading: nothing };
