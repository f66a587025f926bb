/*
 * What a directory of tenants promises, whoever makes it. Separate from the one that reads the master database, because
 * middleware, pools and tests depend on the promise alone.
 */
import type { NoHostName } from '../host-name.ts';
import type { Tenant } from '../tenant.ts';

export type Resolution =
  /** Somebody's, in whatever state. */
  | { readonly kind: 'tenant'; readonly tenant: Tenant }
  /** Nobody's. `why`: it could not be anybody's. */
  | { readonly kind: 'unknown'; readonly why?: NoHostName | undefined }
  /** The bare base domain. */
  | { readonly kind: 'platform' }
  /** Was somebody's while this process ran, and is nobody's any more. */
  | { readonly kind: 'gone' };

export interface TenantDirectory {
  /**
   * Who a Host header names. Synchronous when the answer is known. Throws (rejects with) DirectoryUnavailable when the
   * master database gives no answer and none is known, and Overloaded when too many unknown hosts wait for theirs.
   */
  find(host: string): Resolution | Promise<Resolution>;
  /** The tenant as the master database has it now, for whoever was refused by its database. Undefined: erased. Rejects as `find` does. */
  refresh(organizationId: number): Promise<Tenant | undefined>;
  /** Told after the old state has been forgotten; undefined: any tenant may have changed. Returns the way to stop. */
  onChange(listener: (organizationId: number | undefined) => void): () => void;
  stats(): DirectoryStats;
  /** When changes are heard of for the first time. Rejects when the directory is closed before. */
  ready(): Promise<void>;
  /** Ends its connections; whoever waits gets DirectoryUnavailable. */
  close(): Promise<void>;
}

export interface DirectoryStats {
  /** Hosts of tenants in memory. */
  readonly known: number;
  /** Hosts in memory that are nobody's. */
  readonly unknown: number;
  /** Answers from memory. */
  readonly hits: number;
  /** Answers that had to be waited for. */
  readonly misses: number;
  /** Answers from memory that could not be verified because the master database was away. */
  readonly stale: number;
  /** Queries sent to the master database, each for many hosts where many were asked for. */
  readonly queries: number;
  /** Hosts that are being asked for now. */
  readonly waiting: number;
  /** Notifications of changes. */
  readonly changes: number;
  /** Whether changes are being heard of. */
  readonly isListening: boolean;
  /** Whether the master database answered when it was asked last. */
  readonly isMasterAnswering: boolean;
}

/** Told as it happens, for logs and metrics. What a hook throws becomes a warning of the process. */
export interface DirectoryHooks {
  readonly onListening?: () => void;
  readonly onListeningLost?: (error: unknown) => void;
  readonly onMasterLost?: (error: unknown) => void;
  readonly onMasterBack?: () => void;
  /** After each query. `names`: how many hosts and organizations it asked for. */
  readonly onQuery?: (query: { readonly names: number; readonly durationMs: number; readonly error?: unknown }) => void;
}
