/**
 * The one shape of everything a tenant needs: observe, diff, apply, and observe again until nothing differs.
 * Separate from the steps themselves so that a reader learns the shape once; it knows nothing of PostgreSQL or Kubernetes.
 */
import type { ConditionType } from '../api/conditions.ts';

/** What comparing a tenant with the world tells us to do next. */
export type Verdict<Change> = InSync | { readonly kind: 'outOfSync'; readonly change: Change } | Waiting | Failed;

/** All is as asked. `reason` defaults to `InSync`. */
export interface InSync {
  readonly kind: 'inSync';
  readonly reason?: string;
  readonly message?: string;
}

/** Something that may come by itself is missing; looked at again after `retryAfterMs`, or earlier when a watched object changes. */
export interface Waiting {
  readonly kind: 'waiting';
  readonly reason: string;
  readonly message: string;
  /** True when the tenant cannot be served while this lasts, so that later steps do not run. */
  readonly blocks: boolean;
  readonly retryAfterMs?: number;
}

/** Needs a person, or a change of the object. */
export interface Failed {
  readonly kind: 'failed';
  readonly reason: string;
  readonly message: string;
  /** True when the tenant cannot be served while this lasts, so that later steps do not run. */
  readonly blocks: boolean;
  /** SQLSTATE, exit code or HTTP status, where there is one. */
  readonly code?: string;
  /** Looked at again after this long although nothing is expected to change by itself (causes that no watch reports). */
  readonly retryAfterMs?: number;
}

/** A verdict after which nothing is left to apply. */
export type Settled = InSync | Waiting | Failed;

export const StepName = {
  Finalizer: 'Finalizer',
  Organization: 'Organization',
  Credentials: 'Credentials',
  Roles: 'Roles',
  Database: 'Database',
  Login: 'Login',
  Schema: 'Schema',
  Subscription: 'Subscription',
  Route: 'Route',
} as const;
export type StepName = (typeof StepName)[keyof typeof StepName];

/** One thing a tenant needs. `Tenant` is the work on one tenant in one reconcile (see tenant-work.ts). */
export interface StepDefinition<Tenant, Observed, Change> {
  readonly name: StepName;
  /** The condition this step reports; several steps may share one, which is True when all of them are in sync. */
  readonly condition: ConditionType | undefined;
  /** Reads the world; changes nothing. */
  observe(tenant: Tenant): Promise<Observed>;
  /** Compares; pure. */
  diff(tenant: Tenant, observed: Observed): Verdict<Change>;
  /** Writes the world, then forgets what it changed (`tenant.forget`). Safe to repeat. */
  apply(tenant: Tenant, change: Change): Promise<void>;
}

/** A step whose `Observed` and `Change` are its own business. */
export interface Step<Tenant> {
  readonly name: StepName;
  readonly condition: ConditionType | undefined;
  run(tenant: Tenant): Promise<Settled>;
}

/** A step that still differs after this many changes is not converging; more would be a loop. */
const MAX_CHANGES = 6;

/** Hides `Observed` and `Change` behind `run`. Errors of observe and apply are the caller's. */
export function defineStep<Tenant, Observed, Change>(step: StepDefinition<Tenant, Observed, Change>): Step<Tenant> {
  return {
    name: step.name,
    condition: step.condition,
    async run(tenant) {
      for (let changes = 0; changes <= MAX_CHANGES; changes += 1) {
        const verdict = step.diff(tenant, await step.observe(tenant));
        if (verdict.kind !== 'outOfSync') return verdict;
        if (changes < MAX_CHANGES) await step.apply(tenant, verdict.change);
      }
      return notConverged(step.name);
    },
  };
}

export const NOT_CONVERGED = 'NotConverged';

/** What was applied did not take: seen with grants that another role made, and with somebody changing the same thing. */
function notConverged(name: StepName): Failed {
  return {
    kind: 'failed',
    reason: NOT_CONVERGED,
    message: `The ${name} step still differs after ${MAX_CHANGES} changes; somebody else may be changing the same thing. Looked at again in 10 minutes.`,
    blocks: false,
    retryAfterMs: 600_000,
  };
}
