/*
 * The words of controller-runtime's pkg/reconcile: what a controller calls, with what, and what it may answer.
 * Separate because controllers, steps and the runtime all speak them, and none of the three should import another for it.
 */
import type { Logger } from 'pino';

/** A name, nothing else: events get lost and merged, so the world is read anew every time. */
export interface Request {
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface Result {
  /** Look again after this time even if nothing happens. An error is thrown instead, and retried with backoff. */
  readonly requeueAfterMs?: number | undefined;
}

export interface ReconcileContext {
  /** Carries controller, request and reconcile id. */
  readonly log: Logger;
  /** Aborts at the reconcile's deadline and when the process must stop at once. */
  readonly signal: AbortSignal;
  readonly reconcileId: string;
}

export type Reconciler = (request: Request, context: ReconcileContext) => Promise<Result>;

/** Trying again cannot help until something changes: logged and counted, not retried. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/** 'namespace/name', or 'name' for what is cluster-scoped. */
export function keyOfRequest(request: Request): string {
  return request.namespace === undefined ? request.name : `${request.namespace}/${request.name}`;
}

/** The inverse of `keyOfRequest`: neither part can hold a slash. */
export function requestOfKey(key: string): Request {
  const slash = key.indexOf('/');
  if (slash < 0) return { name: key };
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
