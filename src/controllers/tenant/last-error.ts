/**
 * The one error a tenant's status keeps: what went wrong last, and how often in a row. Absent when all is well.
 * Separate because counting attempts needs care: a status must not change when nothing new has happened.
 */
import type { StudioTenantStatus } from '../../api/studio-tenant.ts';
import type { Outcome } from './outcome.ts';

type LastError = NonNullable<StudioTenantStatus['lastError']>;

/** @param now RFC 3339 */
export function lastErrorOf(before: LastError | undefined, outcome: Outcome, now: string): LastError | undefined {
  const error = errorIn(outcome);
  if (error === undefined) return undefined;
  const same = before?.step === error.step && before.reason === error.reason;
  if (same && !error.retried && before.message === error.message) return before;
  const { retried: _, ...rest } = error;
  return { ...rest, attempts: same ? before.attempts + 1 : 1, at: now };
}

type Found = Omit<LastError, 'attempts' | 'at'> & {
  /** The same error again is another attempt; a finding that is merely looked at again is not. */
  readonly retried: boolean;
};

function errorIn({ steps, problem }: Outcome): Found | undefined {
  if (problem !== undefined) {
    const { step, reason, message, code } = problem;
    return { step, reason, message, ...(code === undefined ? {} : { code }), retried: true };
  }
  const failed = steps.find(({ verdict }) => verdict.kind === 'failed');
  if (failed?.verdict.kind !== 'failed') return undefined;
  const { reason, message, code } = failed.verdict;
  return { step: failed.step, reason, message, ...(code === undefined ? {} : { code }), retried: false };
}
