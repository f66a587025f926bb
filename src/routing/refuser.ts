/*
 * Ends a request without its tenant: an answer, and a word to the hooks. Separate from the middleware because errors of
 * a handler end here as well.
 */
import { refusalAnswers, type AnswerRefusal, type Refusal } from './answers/answers.ts';
import type { AnswerTemplates } from './answers/templates.ts';
import { routingErrorIn, stateOfError } from './error-states.ts';
import { callHook, type ErrorEvent, type RoutingHooks } from './hooks.ts';
import type { RoutedRequest, RoutedResponse } from './http-types.ts';
import type { HostProblem } from './request-host.ts';

export interface RefuserOptions {
  /** Answers in your own words, by state. */
  readonly templates?: AnswerTemplates | undefined;
  readonly hooks?: RoutingHooks | undefined;
}

/** What hooks are told beside the answer. */
export interface RefusedRequest extends Refusal {
  readonly lookupMs?: number | undefined;
  readonly problem?: HostProblem | undefined;
  readonly error?: unknown;
}

export class Refuser {
  readonly #hooks: RoutingHooks;
  readonly #answer: AnswerRefusal;

  constructor({ templates = {}, hooks = {} }: RefuserOptions) {
    this.#hooks = hooks;
    this.#answer = refusalAnswers({
      templates,
      onTemplateError: (error, { tenant }) => this.#tell({ error, organizationId: tenant?.organizationId, from: 'template' }),
    });
  }

  refuse(request: RoutedRequest, response: RoutedResponse, refused: RefusedRequest): void {
    const status = this.#answer(request, response, refused);
    const { state, host, tenant, problem, error, lookupMs = 0 } = refused;
    callHook(this.#hooks, this.#hooks.onAnswer, {
      request,
      state,
      status,
      host,
      organizationId: tenant?.organizationId,
      problem,
      error,
      lookupMs,
    });
  }

  /** How an error of routing, or one that it caused, is answered. Undefined: it is not routing's. */
  refusalOfError(error: unknown): RefusedRequest | undefined {
    const own = routingErrorIn(error);
    return own === undefined ? undefined : { state: stateOfError(own), retryAfterSeconds: own.retryAfterSeconds, error };
  }

  /** Answers whatever a handler has thrown: routing's errors by what they say, all others 500. */
  refuseError(request: RoutedRequest, response: RoutedResponse, error: unknown): void {
    const { tenant } = request;
    const refusal = this.refusalOfError(error);
    if (refusal === undefined) this.#tell({ error, organizationId: tenant?.organizationId, from: 'handler' });
    this.refuse(request, response, { ...(refusal ?? { state: 'error', error }), tenant });
  }

  #tell(event: ErrorEvent): void {
    callHook(this.#hooks, this.#hooks.onError, event);
  }
}
