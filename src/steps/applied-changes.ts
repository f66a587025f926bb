/**
 * What a step has just applied for a tenant, to notice a change that does not take: a REVOKE can do nothing without an
 * error. Separate because two steps need it, and because it is the one thing a step remembers within a reconcile.
 */
import { isDeepStrictEqual } from 'node:util';

import type { Failed } from './step.ts';
import type { TenantWork } from './tenant-work.ts';

const LOOK_AGAIN_MS = 600_000;

export class AppliedChanges<Change> {
  readonly #last = new WeakMap<TenantWork, Change>();

  remember(work: TenantWork, change: Change): void {
    this.#last.set(work, change);
  }

  last(work: TenantWork): Change | undefined {
    return this.#last.get(work);
  }
}

/**
 * The verdict on a change that is still wanted right after it was applied; undefined when it is another one.
 *
 * @param statements what was run
 */
export function notTaken<Change>(change: Change, last: Change | undefined, statements: readonly string[]): Failed | undefined {
  if (last === undefined || !isDeepStrictEqual(change, last)) return undefined;
  return {
    kind: 'failed',
    reason: 'GrantsNotConverged',
    message: `The server accepted these statements, but they changed nothing; somebody else granted what they take back. As a superuser run: ${statements.join('; ')};`,
    blocks: false,
    retryAfterMs: LOOK_AGAIN_MS,
  };
}
