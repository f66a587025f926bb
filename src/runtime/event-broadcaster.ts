/*
 * Records Events as client-go's broadcaster does: the same thing said again raises the count of one Event, each object
 * has a token bucket, and nothing ever waits for it. Separate from its interface so that those who record depend on one
 * method only.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { KubernetesObject } from '../api/object-meta.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import type { EventNote, EventRecorder } from './event-recorder.ts';
import type { CoreEvent, EventSink } from './event-sink.ts';
import { noEventMetrics } from './metrics.ts';
import type { EventMetrics } from './metrics.ts';
import { Semaphore } from './semaphore.ts';
import { TokenBuckets } from './token-buckets.ts';

export interface EventBroadcasterOptions {
  readonly sink: EventSink;
  /** Who says it, e.g. 'studio-operator'. */
  readonly component: string;
  /** Which of several, e.g. the pod's name. */
  readonly instance: string;
  readonly log: Logger;
  readonly clock?: Clock | undefined;
  readonly metrics?: EventMetrics | undefined;
}

/** client-go's: 25 at once per object, then one in five minutes; the 4,096 objects and events used last. */
const LIMIT = { burst: 25, refillMs: 300_000, maxKeys: 4096 } as const;
const SENDING_AT_ONCE = 4;
const WAITING_AT_MOST = 1000;
/** An Event lives for an hour, so counting on would be read as a new one anyway. */
const FORGET_AFTER_MS = 3_600_000;
const MESSAGE_LIMIT = 1024;

/** One Event in the cluster, and how far it has been told. */
interface Series {
  event: CoreEvent;
  recordedMs: number;
  created: boolean;
  sending: boolean;
  /** Recorded again since it was last sent. */
  dirty: boolean;
}

export class EventBroadcaster implements EventRecorder {
  readonly #options: EventBroadcasterOptions;
  readonly #clock: Clock;
  readonly #metrics: EventMetrics;
  readonly #series = new Map<string, Series>();
  readonly #buckets: TokenBuckets;
  readonly #senders = new Semaphore(SENDING_AT_ONCE);
  readonly #pending = new Set<Promise<void>>();

  constructor(options: EventBroadcasterOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#metrics = options.metrics ?? noEventMetrics;
    this.#buckets = new TokenBuckets({ ...LIMIT, clock: this.#clock });
  }

  record(object: KubernetesObject, note: EventNote): void {
    if (!this.#buckets.take(object.metadata.uid)) {
      this.#metrics.dropped('rateLimited');
      return;
    }
    this.#metrics.recorded(note.type);
    const series = this.#count(object, note);
    series.dirty = true;
    if (series.sending) return;
    if (this.#senders.waiting >= WAITING_AT_MOST) {
      this.#metrics.dropped('queueFull');
      return;
    }
    series.sending = true;
    const sending = this.#send(series);
    this.#pending.add(sending);
    void sending.finally(() => this.#pending.delete(sending));
  }

  /** Resolves when all that was recorded until now has been sent or given up. */
  async flush(): Promise<void> {
    await Promise.all(this.#pending);
  }

  #count(object: KubernetesObject, note: EventNote): Series {
    const key = JSON.stringify([object.metadata.uid, note.type, note.reason, note.message]);
    const nowMs = this.#clock.monotonicMs();
    const known = this.#series.get(key);
    this.#series.delete(key);
    const series = known === undefined || nowMs - known.recordedMs > FORGET_AFTER_MS ? this.#first(object, note) : known;
    if (series === known) {
      const lastTimestamp = this.#timestamp();
      series.event = { ...series.event, count: series.event.count + 1, lastTimestamp };
    }
    series.recordedMs = nowMs;
    this.#series.set(key, series);
    const [oldest] = this.#series.keys();
    if (this.#series.size > LIMIT.maxKeys && oldest !== undefined) this.#series.delete(oldest);
    return series;
  }

  #first(object: KubernetesObject, note: EventNote): Series {
    const { component, instance } = this.#options;
    const at = this.#timestamp();
    const event: CoreEvent = {
      ...addressOf(object),
      ...note,
      message: cut(note.message),
      source: { component },
      reportingComponent: component,
      reportingInstance: instance,
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    };
    return { event, recordedMs: 0, created: false, sending: false, dirty: false };
  }

  /** Sends until nothing was added meanwhile: a burst of one event costs two writes, however long it is. */
  async #send(series: Series): Promise<void> {
    try {
      await this.#senders.run(async () => {
        while (series.dirty) {
          series.dirty = false;
          await this.#write(series);
        }
      });
    } catch (error) {
      this.#metrics.dropped('failed');
      const { reason, involvedObject } = series.event;
      this.#options.log.warn({ err: error, reason, object: involvedObject }, 'could not send an event');
    } finally {
      series.sending = false;
    }
  }

  async #write(series: Series): Promise<void> {
    const { sink } = this.#options;
    if (series.created && (await sink.repeat(series.event))) return;
    if (series.created) series.event = { ...series.event, metadata: renamed(series.event) };
    series.created = false;
    await sink.create(series.event);
    series.created = true;
  }

  /** metav1.Time has no fractions. */
  #timestamp(): string {
    return this.#clock
      .now()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');
  }
}

/** Events of what is cluster-scoped are kept in `default`: the API server takes them nowhere else. */
function addressOf(object: KubernetesObject): Pick<CoreEvent, 'metadata' | 'involvedObject'> {
  const { apiVersion, kind } = object;
  const { name, namespace, uid, resourceVersion } = object.metadata;
  return {
    metadata: { name: eventName(name), namespace: namespace ?? 'default' },
    involvedObject: { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion },
  };
}

function eventName(objectName: string): string {
  return `${objectName}.${randomUUID().replaceAll('-', '').slice(0, 16)}`;
}

function renamed(event: CoreEvent): CoreEvent['metadata'] {
  return { ...event.metadata, name: eventName(event.involvedObject.name) };
}

function cut(message: string): string {
  return message.length <= MESSAGE_LIMIT ? message : `${message.slice(0, MESSAGE_LIMIT - 1)}…`;
}
