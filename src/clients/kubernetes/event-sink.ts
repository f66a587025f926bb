/*
 * Where the event broadcaster's Events go: the core/v1 API. Separate so that the runtime knows no client.
 */
import { EVENT } from '../../api/resources.ts';
import type { CoreEvent, EventSink } from '../../runtime/event-sink.ts';
import { isNotFound } from './errors.ts';
import type { Kubernetes } from './kubernetes.ts';

export function eventSink(kubernetes: Kubernetes): EventSink {
  return {
    async create(event: CoreEvent): Promise<void> {
      await kubernetes.create(EVENT, event);
    },
    async repeat(event: CoreEvent): Promise<boolean> {
      try {
        await kubernetes.jsonPatch(EVENT, event.metadata, [
          { op: 'replace', path: '/count', value: event.count },
          { op: 'replace', path: '/lastTimestamp', value: event.lastTimestamp },
        ]);
        return true;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    },
  };
}
