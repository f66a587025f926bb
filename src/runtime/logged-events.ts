/*
 * Events in the log as well: an Event is gone after an hour, and whoever searches the log for an object finds what was
 * said of it. Separate from the broadcaster, which merges, limits and drops what it sends.
 */
import type { Logger } from 'pino';

import type { EventRecorder } from './event-recorder.ts';

export function loggedEvents(events: EventRecorder, log: Logger): EventRecorder {
  return {
    record(object, { type, reason, message }) {
      const { namespace, name } = object.metadata;
      log[type === 'Normal' ? 'info' : 'warn']({ kind: object.kind, namespace, name, reason, detail: message }, 'event');
      events.record(object, { type, reason, message });
    },
  };
}
