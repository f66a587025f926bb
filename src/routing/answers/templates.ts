/*
 * Answers in the application's own words: a function per state. Separate because it is the part of the answers that
 * applications write against.
 */
import type { AnswerState } from '../answer-state.ts';
import type { Tenant } from '../tenant.ts';
import type { Format } from './accept.ts';

export interface AnswerContext {
  readonly state: AnswerState;
  readonly status: number;
  /** The built-in words. */
  readonly title: string;
  readonly detail: string;
  /** As in Retry-After; undefined where trying again does not help. */
  readonly retryAfterSeconds: number | undefined;
  /** What the client would rather have. */
  readonly format: Format;
  /** The host as the client sent it: escape it (`escapeHtml`) before it goes into a page. Undefined where there was not exactly one. */
  readonly host: string | undefined;
  /** Where the host is a tenant's. Whoever asks is a stranger: think before showing more than its name. */
  readonly tenant: Tenant | undefined;
}

/** A string is an HTML page. What is left out (or a format that was not asked for) is answered with the built-in one. */
export type Answer = string | { readonly html?: string; readonly json?: unknown };

/** Called for each such answer, and not waited for: read files when the process starts. Must escape what it puts into pages. */
export type AnswerTemplate = (context: AnswerContext) => Answer;

export type AnswerTemplates = { readonly [State in AnswerState]?: AnswerTemplate };
