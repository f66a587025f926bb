/*
 * What an application can watch: for its metrics and its log. Separate because hooks are the application's code, and
 * what they throw must not reach a request.
 */
import type { AnswerState } from './answer-state.ts';
import { guarded, warn } from './guarded.ts';
import type { RoutedRequest } from './http-types.ts';
import type { HostProblem } from './request-host.ts';

export interface RequestEvent {
  readonly request: RoutedRequest;
  readonly organizationId: number;
  readonly subdomain: string;
  /** Time spent on finding the tenant, milliseconds; 0 where it was known. */
  readonly lookupMs: number;
}

export interface ResponseEvent {
  readonly request: RoutedRequest;
  readonly organizationId: number;
  readonly subdomain: string;
  readonly status: number;
  /** From the moment the tenant was found to the end of the response, milliseconds. */
  readonly durationMs: number;
}

export interface AnswerEvent {
  readonly request: RoutedRequest;
  readonly state: AnswerState;
  readonly status: number;
  /** As the client sent it: anything can be in here. */
  readonly host: string | undefined;
  /** Where the host is a tenant's. */
  readonly organizationId: number | undefined;
  /** What was wrong with the host, where there was not exactly one. */
  readonly problem: HostProblem | undefined;
  readonly lookupMs: number;
  /** What went wrong, where something did. Its message may name hosts and databases. */
  readonly error: unknown;
}

export interface ErrorEvent {
  readonly error: unknown;
  readonly organizationId: number | undefined;
  /** Where: a handler given to `handle`, a template, or another hook. */
  readonly from: 'handler' | 'template' | 'hook';
}

export interface RoutingHooks {
  /** A request goes to its tenant. */
  readonly onRequest?: ((event: RequestEvent) => void) | undefined;
  /** Its response ended, or its connection did. */
  readonly onResponse?: ((event: ResponseEvent) => void) | undefined;
  /** Routing answered by itself: nobody's host, a tenant that is not served, an error. */
  readonly onAnswer?: ((event: AnswerEvent) => void) | undefined;
  /** Something that should not happen. */
  readonly onError?: ((event: ErrorEvent) => void) | undefined;
}

/** Calls a hook; what it throws goes to onError, and what that throws becomes a warning of the process. */
export const callHook = <Event>(hooks: RoutingHooks, hook: ((event: Event) => void) | undefined, event: Event): void => {
  if (hook === undefined) return;
  guarded(
    () => hook(event),
    (error) => {
      if (hook === hooks.onError || hooks.onError === undefined) warn(warningOf(error));
      else callHook(hooks, hooks.onError, { error, organizationId: undefined, from: 'hook' });
    },
  );
};

const warningOf = (cause: unknown): Error => new Error(`a routing hook threw: ${String(cause)}`, { cause });
