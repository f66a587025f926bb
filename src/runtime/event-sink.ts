/*
 * Where Events go, as a port, and how one looks. Separate so that the recorder's merging and limits are tested without
 * an API server.
 */

/** core/v1 Event, as it is written. */
export interface CoreEvent {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly involvedObject: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly source: { readonly component: string };
  readonly reportingComponent: string;
  readonly reportingInstance: string;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly count: number;
}

export interface EventSink {
  create(event: CoreEvent): Promise<void>;
  /** Writes count and lastTimestamp of an event that was created; false when it is gone (they live an hour). */
  repeat(event: CoreEvent): Promise<boolean>;
}
