/*
 * What each answer says, with its status. Separate because this is the table to read, and the words are for visitors:
 * they name no tenant, and do not tell why one is away beyond what its visitors must know.
 */
import type { AnswerState } from '../answer-state.ts';

export interface AnswerText {
  readonly status: 400 | 403 | 404 | 410 | 500 | 503;
  /** For programs; `state` is finer than what strangers are told. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  /** Retry-After, seconds, where the error does not know better. */
  readonly retryAfterSeconds?: number;
}

const GONE: AnswerText = {
  status: 410,
  code: 'gone',
  title: 'This studio has closed',
  detail: 'It is no longer available at this address.',
};

const NOT_FOUND: AnswerText = {
  status: 404,
  code: 'unknown_host',
  title: 'There is no studio at this address',
  detail: 'Please check the spelling of the address.',
};

export const ANSWER_TEXTS: Readonly<Record<AnswerState, AnswerText>> = {
  malformed: {
    status: 400,
    code: 'malformed_host',
    title: 'This address cannot be read',
    detail: 'The request does not name one valid host.',
  },
  unknown: NOT_FOUND,
  platform: NOT_FOUND,
  suspended: {
    status: 403,
    code: 'suspended',
    title: 'This studio is paused',
    detail: 'It is not available at the moment. If it is yours, please contact support.',
  },
  provisioning: {
    status: 503,
    code: 'provisioning',
    title: 'This studio is being set up',
    detail: 'It will be ready in a moment. Please try again shortly.',
    retryAfterSeconds: 5,
  },
  behind: {
    status: 503,
    code: 'updating',
    title: 'This studio is being updated',
    detail: 'It will be back in a moment. Please try again shortly.',
    retryAfterSeconds: 10,
  },
  failed: {
    status: 503,
    code: 'unavailable',
    title: 'This studio is not available',
    detail: 'Something went wrong on our side. Please try again later.',
    retryAfterSeconds: 60,
  },
  retained: GONE,
  deleted: GONE,
  overloaded: {
    status: 503,
    code: 'overloaded',
    title: 'This studio is busy',
    detail: 'Too many requests are waiting. Please try again in a moment.',
    retryAfterSeconds: 1,
  },
  unavailable: {
    status: 503,
    code: 'unavailable',
    title: 'This studio cannot be reached',
    detail: 'Something went wrong on our side. Please try again shortly.',
    retryAfterSeconds: 5,
  },
  error: {
    status: 500,
    code: 'internal_error',
    title: 'Something went wrong',
    detail: 'The request could not be answered. Please try again later.',
  },
};
