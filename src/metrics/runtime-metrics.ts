/**
 * The runtime's numbers under the names that controller-runtime and client-go gave them, so that the dashboards and
 * alerts people already have work. Separate from the tenants' numbers, which are this operator's own.
 */
import type { Registry } from 'prom-client';

import type { ControllerMetrics, EventMetrics, LeaderMetrics, QueueMetrics, ReflectorMetrics } from '../runtime/metrics.ts';
import { instruments, type Instruments } from './instruments.ts';

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
  const make = instruments(registry);
  return {
    controller: controllerMetrics(make),
    queue: queueMetrics(make),
    reflector: reflectorMetrics(make),
    events: eventMetrics(make),
    leader: leaderMetrics(make),
  };
}

function controllerMetrics(make: Instruments): ControllerMetrics {
  const labels = ['controller'] as const;
  const total = make.counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Reconciles by controller and result.',
    labels: ['controller', 'result'],
  });
  const errors = make.counter({ name: 'controller_runtime_reconcile_errors_total', help: 'Reconciles that ended with an error.', labels });
  const terminal = make.counter({
    name: 'controller_runtime_terminal_reconcile_errors_total',
    help: 'Reconciles that ended with an error that is not retried.',
    labels,
  });
  const time = make.histogram(
    { name: 'controller_runtime_reconcile_time_seconds', help: 'Length of a reconcile.', labels },
    RECONCILE_BUCKETS,
  );
  const active = make.gauge({ name: 'controller_runtime_active_workers', help: 'Workers that are busy.', labels });
  const max = make.gauge({ name: 'controller_runtime_max_concurrent_reconciles', help: 'Workers there are.', labels });
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

function queueMetrics(make: Instruments): QueueMetrics {
  const labels = ['name'] as const;
  const depth = make.gauge({ name: 'workqueue_depth', help: 'Keys waiting for a worker.', labels: ['name', 'priority'] });
  const adds = make.counter({ name: 'workqueue_adds_total', help: 'Keys added.', labels });
  const retries = make.counter({ name: 'workqueue_retries_total', help: 'Keys added after a failure.', labels });
  const queued = make.histogram(
    { name: 'workqueue_queue_duration_seconds', help: 'How long a key waited for a worker.', labels },
    QUEUE_BUCKETS,
  );
  const worked = make.histogram({ name: 'workqueue_work_duration_seconds', help: 'How long a worker had a key.', labels }, QUEUE_BUCKETS);
  return {
    depth: (name, priority, count) => depth.set({ name, priority }, count),
    add: (name) => adds.inc({ name }),
    retry: (name) => retries.inc({ name }),
    queued: (name, seconds) => queued.observe({ name }, seconds),
    worked: (name, seconds) => worked.observe({ name }, seconds),
  };
}

function reflectorMetrics(make: Instruments): ReflectorMetrics {
  const labels = ['name'] as const;
  const lists = make.counter({ name: 'reflector_lists_total', help: 'Full lists from the API server.', labels });
  const listTime = make.histogram(
    { name: 'reflector_list_duration_seconds', help: 'Length of a full list, all pages.', labels },
    QUEUE_BUCKETS,
  );
  const events = make.counter({ name: 'reflector_watch_events_total', help: 'Watch events by type.', labels: ['name', 'type'] });
  const failures = make.counter({
    name: 'reflector_failures_total',
    help: 'Lists and watches that ended with an error; expired ones cost a full list.',
    labels: ['name', 'expired'],
  });
  const objects = make.gauge({ name: 'reflector_objects', help: 'Objects in the cache.', labels });
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

function eventMetrics(make: Instruments): EventMetrics {
  const recorded = make.counter({ name: 'studio_events_recorded_total', help: 'Kubernetes Events sent.', labels: ['type'] });
  const dropped = make.counter({
    name: 'studio_events_dropped_total',
    help: 'Kubernetes Events held back by the rate limit or refused.',
    labels: ['cause'],
  });
  return {
    recorded: (type) => recorded.inc({ type }),
    dropped: (cause) => dropped.inc({ cause }),
  };
}

function leaderMetrics(make: Instruments): LeaderMetrics {
  const status = make.gauge({ name: 'leader_election_master_status', help: '1 while this process holds the Lease.', labels: ['name'] });
  return { leading: (name, leading) => status.set({ name }, leading ? 1 : 0) };
}
