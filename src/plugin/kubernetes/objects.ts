// What the plugin reads of Kubernetes objects: every field that another version of the operator may lack is optional.
// Separate from api/, whose types promise what this version writes and bring a schema library with them; a test keeps the two in step.

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  /** RFC 3339. */
  readonly lastTransitionTime?: string;
}

interface Reported {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly handled?: { readonly retry?: string };
}

export interface LastError {
  readonly step: string;
  readonly reason: string;
  readonly message: string;
  readonly code?: string;
  readonly attempts: number;
  readonly at: string;
}

export interface Tenant {
  readonly metadata: Metadata;
  readonly spec: {
    readonly displayName?: string;
    readonly subdomain?: string;
    readonly plan?: string;
    readonly release?: string;
    readonly suspended?: boolean;
    readonly deletionPolicy?: string;
  };
  readonly status?: Reported & {
    readonly phase?: string;
    readonly organizationId?: number;
    readonly url?: string;
    readonly database?: {
      readonly server: string;
      readonly host?: string;
      readonly port?: number;
      readonly name?: string;
      readonly oid?: number;
    };
    readonly credentials?: { readonly secretName: string; readonly username?: string; readonly generation?: number };
    readonly schema?: { readonly release?: string; readonly version?: number; readonly target?: number; readonly job?: string };
    readonly lastError?: LastError;
  };
}

export interface Server {
  readonly metadata: Metadata;
  readonly spec: {
    readonly host?: string;
    readonly port?: number;
    readonly direct?: { readonly host?: string; readonly port?: number };
    readonly capacity?: { readonly maxDatabases?: number };
    readonly unschedulable?: boolean;
  };
  readonly status?: Reported & { readonly version?: string; readonly databases?: number };
}

export interface Release {
  readonly metadata: Metadata;
  readonly spec: { readonly version: number; readonly paused?: boolean };
  readonly status?: Reported & {
    readonly pending?: number;
    readonly running?: number;
    readonly done?: number;
    readonly failed?: number;
    readonly failedTenants?: readonly string[];
    readonly halted?: boolean;
  };
}

export interface Job {
  readonly metadata: Metadata;
  readonly status?: {
    readonly active?: number;
    readonly startTime?: string;
    readonly completionTime?: string;
    readonly conditions?: readonly Condition[];
  };
}

export interface Pod {
  readonly metadata: Metadata;
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly restartCount?: number;
      readonly state?: {
        readonly waiting?: { readonly reason?: string; readonly message?: string };
        readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly message?: string };
      };
    }[];
  };
}

export interface Event {
  readonly metadata: Metadata;
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string };
}

export interface List<Item> {
  readonly items: readonly Item[];
}

/** What a condition, or anything else that is reported, can be asked of all four kinds. */
export type Custom = { readonly metadata: Metadata; readonly status?: Reported };

export function conditionOf(
  object: { readonly status?: { readonly conditions?: readonly Condition[] } },
  type: string,
): Condition | undefined {
  return object.status?.conditions?.find((condition) => condition.type === type);
}

export function isTrue(object: { readonly status?: { readonly conditions?: readonly Condition[] } }, type: string): boolean {
  return conditionOf(object, type)?.status === 'True';
}

type PodState = NonNullable<NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number]['state']>;

/** Of the first container; the operator's pods and its Jobs' have one. */
export function stateOf({ status }: Pod): PodState {
  return status?.containerStatuses?.[0]?.state ?? {};
}

/** The status speaks of an older spec than the one that is there, or of none yet. */
export function isUnobserved(object: Custom): boolean {
  return (object.status?.observedGeneration ?? -1) !== (object.metadata.generation ?? 0);
}
