/*
 * Events on their way to the application, counted. Separate so that a hook that throws harms nothing.
 */
import { guarded, warn } from '../guarded.ts';
import type { PoolEvent, PoolEventType } from './types.ts';

export type EventCounts = Record<PoolEventType, number>;

export function eventCounts(onEvent: ((event: PoolEvent) => void) | undefined): { emit: (event: PoolEvent) => void; counts: EventCounts } {
  const counts: EventCounts = { opened: 0, closed: 0, failed: 0, reread: 0, retried: 0, waited: 0, overloaded: 0 };
  const emit = (event: PoolEvent): void => {
    counts[event.type] += 1;
    if (onEvent !== undefined) guarded(() => onEvent(event), warn);
  };
  return { emit, counts };
}
