/*
 * Between errors and answers, in both directions: an error that ended a request becomes a state to answer with, and a
 * state becomes an error for code that has no response. Separate because it is the one list of which is which.
 */
import type { AnswerState } from './answer-state.ts';
import { ANSWER_TEXTS } from './answers/texts.ts';
import { answerOfState } from './decide.ts';
import { DirectoryUnavailable, Overloaded, RoutingError, TenantNotServed, TenantUnavailable, UnknownHost } from './errors.ts';
import type { TenantState } from './tenant.ts';

/** How far down an error's causes to look: libraries over the pools wrap what they get. */
const MAX_CAUSES = 5;

/** The error of routing that this is, or that caused it. */
export const routingErrorIn = (error: unknown): RoutingError | undefined => {
  let each = error;
  for (let depth = 0; depth <= MAX_CAUSES && each instanceof Error; depth += 1) {
    if (each instanceof RoutingError) return each;
    each = each.cause;
  }
  return undefined;
};

export const stateOfError = (error: RoutingError): AnswerState => {
  if (error instanceof TenantNotServed) return answerOfState(error.state);
  if (error instanceof UnknownHost) return error.state;
  if (error instanceof Overloaded) return 'overloaded';
  if (error instanceof DirectoryUnavailable || error instanceof TenantUnavailable) return 'unavailable';
  return 'error';
};

/** The same for code that asked for a tenant itself: there is no response to answer with. */
export const errorOf = (state: AnswerState, asked: string): RoutingError => {
  if (state === 'malformed' || state === 'unknown' || state === 'platform') return new UnknownHost(`no tenant has ${asked}`, state);
  if (isTenantState(state)) return new TenantNotServed(`the tenant of ${asked} is not served: ${state}`, state, ANSWER_TEXTS[state].status);
  const { retryAfterSeconds } = ANSWER_TEXTS[state];
  return new TenantUnavailable(`the tenant of ${asked} cannot be served now: ${state}`, { retryAfterSeconds });
};

const NOT_SERVED: ReadonlySet<AnswerState> = new Set(['provisioning', 'suspended', 'retained', 'deleted', 'failed']);

const isTenantState = (state: AnswerState): state is AnswerState & TenantState => NOT_SERVED.has(state);
