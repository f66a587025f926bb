/**
 * The runtime's numbers under the names that controller-runtime and client-go gave them, so that the dashboards and
 * alerts people already have work. Separate from the tenants' numbers, which are this operator's own.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

import type { ControllerMetrics, EventMetrics, LeaderMetrics, QueueMetrics, ReflectorMetrics } from '../runtime/metrics.ts';

export interface RuntimeMetrics {
  readonly controller: ControllerMetrics;
  readonly queue: QueueMetrics;
  readonly reflector: ReflectorMetrics;
  readonly events: EventMetrics;
  readonly leader: LeaderMetrics;
}

/** controller-runtime's own buckets end at 60 s, and so does what a reconcile should take. */
const RECONCILE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const QUEUE_BUCKETS = [0.001, 0.01, 0.1, 1, 10, 100, 1_000];

export function runtimeMetrics(registry: Registry): RuntimeMetrics {
  return {
    controller: controllerMetrics(registry),
    queue: queueMetrics(registry),
    reflector: reflectorMetrics(registry),
    events: eventMetrics(registry),
    leader: leaderMetrics(registry),
  };
}

function controllerMetrics(registry: Registry): ControllerMetrics {
  const registers = [registry];
  const labelNames = ['controller'] as const;
  const total = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Reconciles by controller and result.',
    labelNames: ['controller', 'result'],
    registers,
  });
  const errors = new Counter({
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Reconciles that ended with an error.',
    labelNames,
    registers,
  });
  const terminal = new Counter({
    name: 'controller_runtime_terminal_reconcile_errors_total',
    help: 'Reconciles that ended with an error that is not retried.',
    labelNames,
    registers,
  });
  const time = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Length of a reconcile.',
    labelNames,
    buckets: RECONCILE_BUCKETS,
    registers,
  });
  const active = new Gauge({
    name: 'controller_runtime_active_workers',
    help: 'Workers that are busy.',
    labelNames,
    registers,
  });
  const max = new Gauge({
    name: 'controller_runtime_max_concurrent_reconciles',
    help: 'Workers there are.',
    labelNames,
    registers,
  });
  return {
    reconcile(controller, result, seconds) {
      total.inc({ controller, result });
      time.observe({ controller }, seconds);
      if (result === 'error') errors.inc({ controller });
    },
    terminalError: (controller) => terminal.inc({ controller }),
    activeWorkers: (controller, count) => active.set({ controller }, count),
    maxWorkers: (controller, count) => max.set({ controller }, count),
  };
}

function queueMetrics(registry: Registry): QueueMetrics {
  const registers = [registry];
  const labelNames = ['name'] as const;
  const depth = new Gauge({
    name: 'workqueue_depth',
    help: 'Keys waiting for a worker.',
    labelNames: ['name', 'priority'],
    registers,
  });
  const adds = new Counter({ name: 'workqueue_adds_total', help: 'Keys added.', labelNames, registers });
  const retries = new Counter({ name: 'workqueue_retries_total', help: 'Keys added after a failure.', labelNames, registers });
  const queued = new Histogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'How long a key waited for a worker.',
    labelNames,
    buckets: QUEUE_BUCKETS,
    registers,
  });
  const worked = new Histogram({
    name: 'workqueue_work_duration_seconds',
    help: 'How long a worker had a key.',
    labelNames,
    buckets: QUEUE_BUCKETS,
    registers,
  });
  return {
    depth: (name, priority, count) => depth.set({ name, priority }, count),
    add: (name) => adds.inc({ name }),
    retry: (name) => retries.inc({ name }),
    queued: (name, seconds) => queued.observe({ name }, seconds),
    worked: (name, seconds) => worked.observe({ name }, seconds),
  };
}

function reflectorMetrics(registry: Registry): ReflectorMetrics {
  const registers = [registry];
  const labelNames = ['name'] as const;
  const lists = new Counter({ name: 'reflector_lists_total', help: 'Full lists from the API server.', labelNames, registers });
  const listTime = new Histogram({
    name: 'reflector_list_duration_seconds',
    help: 'Length of a full list, all pages.',
    labelNames,
    buckets: QUEUE_BUCKETS,
    registers,
  });
  const events = new Counter({
    name: 'reflector_watch_events_total',
    help: 'Watch events by type.',
    labelNames: ['name', 'type'],
    registers,
  });
  const failures = new Counter({
    name: 'reflector_failures_total',
    help: 'Lists and watches that ended with an error; expired ones cost a full list.',
    labelNames: ['name', 'expired'],
    registers,
  });
  const objects = new Gauge({ name: 'reflector_objects', help: 'Objects in the cache.', labelNames, registers });
  return {
    listed(name, seconds) {
      lists.inc({ name });
      listTime.observe({ name }, seconds);
    },
    event: (name, type) => events.inc({ name, type }),
    failed: (name, expired) => failures.inc({ name, expired: String(expired) }),
    objects: (name, count) => objects.set({ name }, count),
  };
}

function eventMetrics(registry: Registry): EventMetrics {
  const registers = [registry];
  const recorded = new Counter({
    name: 'studio_events_recorded_total',
    help: 'Kubernetes Events sent.',
    labelNames: ['type'],
    registers,
  });
  const dropped = new Counter({
    name: 'studio_events_dropped_total',
    help: 'Kubernetes Events held back by the rate limit or refused.',
    labelNames: ['cause'],
    registers,
  });
  return {
    recorded: (type) => recorded.inc({ type }),
    dropped: (cause) => dropped.inc({ cause }),
  };
}

function leaderMetrics(registry: Registry): LeaderMetrics {
  const status = new Gauge({
    name: 'leader_election_master_status',
    help: '1 while this process holds the Lease.',
    labelNames: ['name'],
    registers: [registry],
  });
  return { leading: (name, leading) => status.set({ name }, leading ? 1 : 0) };
}
