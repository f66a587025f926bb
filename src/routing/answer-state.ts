/*
 * The words for what routing answers by itself. A type only, separate because deciding, answering, errors and hooks all
 * speak it.
 */

/** Why a request is answered by routing itself. */
export type AnswerState =
  | 'malformed'
  | 'unknown'
  | 'platform'
  | 'provisioning'
  | 'behind'
  | 'suspended'
  | 'retained'
  | 'deleted'
  | 'failed'
  | 'overloaded'
  | 'unavailable'
  | 'error';
