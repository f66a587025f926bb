/*
 * What can be said about an object to the people who run it. Separate from the recorder so that steps and controllers
 * depend on two shapes and not on how Events are merged, limited and sent.
 */
import type { KubernetesObject } from '../api/object-meta.ts';

export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, for machines. */
  readonly reason: string;
  /** A sentence, for people. The API server takes at most 1,024 bytes; longer ones are cut. */
  readonly message: string;
}

export interface EventRecorder {
  /** Fire and forget: never throws, never waits. What cannot be sent is logged and counted. */
  record(object: KubernetesObject, note: EventNote): void;
}
